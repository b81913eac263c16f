/**
 * What must not outlive the benchmark, however it ends: processes and folders.
 */
import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'

const processes = new Set<ChildProcess>()
const folders = new Set<string>()

process.once('exit', () => {
  for (const child of processes) {
    child.kill('SIGKILL')
    endGroup(child)
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Ends the process at our end, unless it has ended before. */
export function endWithUs(child: ChildProcess): void {
  processes.add(child)
  child.once('exit', () => processes.delete(child))
}

/** Ends all that a process has started, if it was started as the first of a group of its own, and has ended itself or not. */
export function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left.
  }
}

/** Deletes the folder at our end, if it is still there. */
export function deleteWithUs(folder: string): void {
  folders.add(folder)
}
