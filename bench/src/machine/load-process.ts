/**
 * A process of its own for every load: no measurement inherits the compiled code, the garbage or the connections of another.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LoadReport, LoadTask } from '../measurement.ts'
import { pinned, type Core } from './cores.ts'
import { endWithUs } from './leftovers.ts'
import { profiling } from './profile.ts'

/** Beyond what the task itself takes: connecting, filling, and a machine that is busy with other things. */
const GRACE_MS = 180_000
const EXIT_MAX_MS = 5_000

/** Runs one task on `core`. @throws when the load failed, with its reason */
export async function load(task: LoadTask, core: Core): Promise<LoadReport> {
  const [program = process.execPath, ...before] = pinned(core, [process.execPath])
  // Node's own `fork` starts the first word: with taskset in front, Node becomes an argument of it.
  const child = fork(fileURLToPath(new URL('../load.js', import.meta.url)), {
    execPath: program,
    execArgv: [...before, ...profiling(`${task.subject}-${task.workload}-${task.size}`)],
  })
  endWithUs(child)
  const timeMs = task.warmUpMs + task.runMs * task.runs + GRACE_MS
  const signal = AbortSignal.timeout(timeMs)
  try {
    const report = reported(child, signal)
    child.send(task)
    const answer = await report
    if (answer.kind === 'failed') throw new Error(answer.message)
    await exit(child)
    return answer
  } finally {
    child.kill('SIGKILL')
  }
}

/** Waits for the process's end, because a profile is written on the way out; but its work is done, so not for ever. */
async function exit(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  try {
    await once(child, 'exit', { signal: AbortSignal.timeout(EXIT_MAX_MS) })
  } catch {
    child.kill('SIGKILL')
  }
}

function reported(child: ChildProcess, signal: AbortSignal): Promise<LoadReport> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
    child.once('error', reject)
    child.once('exit', (code, killer) =>
      reject(new Error(`the load process died: ${killer ?? `exit code ${code}`}`)),
    )
    child.once('message', (report: LoadReport) => resolve(report))
  })
}
