/** Processes of their own, running the sources. */
import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Child {
  readonly process: ChildProcessWithoutNullStreams
  readonly lines: AsyncIterator<string>
  readonly ended: Promise<void>
}

export function start(program: string, ...args: string[]): Child {
  return startIn({}, program, ...args)
}

/** The same, with more in its environment. */
export function startIn(
  environment: Readonly<Record<string, string>>,
  program: string,
  ...args: string[]
): Child {
  const file = fileURLToPath(new URL(`${program}.ts`, import.meta.url))
  const options = ['--import', 'tsx', '--conditions=@tenure/source', file, ...args]
  const child = spawn(process.execPath, options, { env: { ...process.env, ...environment } })
  child.stderr.pipe(process.stderr)
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
  })
  return { process: child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), ended }
}
