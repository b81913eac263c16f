/** Processes of their own that work with a store. */
import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import { wordsOf } from '../../../../../test/prebuilt/words.ts'

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
  const words = [...wordsOf(`packages/engine/test/file/children/${program}.ts`), ...args]
  const child = spawn(process.execPath, words, { env: { ...process.env, ...environment } })
  child.stderr.pipe(process.stderr)
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
  })
  return { process: child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), ended }
}
