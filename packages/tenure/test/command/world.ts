/** A coordination node in process, and the command run against it in process. */
import type { Client, Session } from '@tenure/client'
import { connect } from '../../src/connect.ts'
import type { RunOptions } from './terminal.ts'
import { Run } from './terminal.ts'

export interface CommandWorld extends AsyncDisposable {
  readonly client: Client
  readonly path: string
  session(description?: string): Promise<Session>
  /** Begins a command. */
  start(words: readonly string[], options?: RunOptions): Run
  /** Runs a command to its end. */
  ends(words: readonly string[], options?: RunOptions): Promise<Run & { readonly code: number }>
}

let worlds = 0

export async function commandWorld(): Promise<CommandWorld> {
  worlds += 1
  const address = `memory:command-world-${worlds}`
  // Keeps the node alive between the commands of a test.
  const client = connect(address)
  const path = '/local/tenure'
  await client.createNode(path)
  const start = (words: readonly string[], options?: RunOptions): Run =>
    new Run(['-a', address, '--timeout', '2s', ...words], options)
  return {
    client,
    path,
    session: (description = 'a test') => client.openSession(path, { description }),
    start,
    async ends(words, options) {
      const run = start(words, options)
      return Object.assign(run, { code: await run.exitCode })
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}
