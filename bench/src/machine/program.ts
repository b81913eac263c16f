/**
 * Programs of this machine: where they are and what they call themselves.
 */
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A rival is not installed; its rows are left out, loudly. */
export class AbsentError extends Error {
  override name = 'AbsentError'
}

/** @returns the program's path; null when there is none in PATH or `alsoIn` */
export function find(program: string, alsoIn: readonly string[] = []): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...alsoIn]
  return folders.map((folder) => join(folder, program)).find(runnable) ?? null
}

/** @throws AbsentError that names the package to install */
export function need(program: string, install: string, alsoIn: readonly string[] = []): string {
  const path = find(program, alsoIn)
  if (path === null) throw new AbsentError(`${program} is not installed (Debian: ${install})`)
  return path
}

/** @returns the first line that the command prints */
export function firstLine(command: readonly [string, ...string[]]): string {
  const [program, ...args] = command
  const text = execFileSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return text.split('\n')[0]?.trim() ?? ''
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
