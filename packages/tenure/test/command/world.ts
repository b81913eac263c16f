/** A coordination node, in process or on a server, and the command run against it in process. */
import type { Client, Session } from '@tenure/client'
import { openMemoryEngine } from '@tenure/engine/memory'
import { startServer } from '@tenure/server'
import { connect } from '../../src/connect.ts'
import type { RunOptions } from './terminal.ts'
import { Run } from './terminal.ts'

export const KINDS = ['in process', 'on a server'] as const

export interface CommandWorld extends AsyncDisposable {
  readonly address: string
  readonly client: Client
  readonly path: string
  session(description?: string): Promise<Session>
  /** Begins a command. */
  start(words: readonly string[], options?: RunOptions): Run
  /** Runs a command to its end. */
  ends(words: readonly string[], options?: RunOptions): Promise<Run & { readonly code: number }>
}

let worlds = 0

export async function commandWorld(kind: (typeof KINDS)[number]): Promise<CommandWorld> {
  worlds += 1
  const ends: (() => Promise<void>)[] = []
  const address =
    kind === 'in process' ? `memory:command-world-${worlds}` : await servedAddress(ends)
  // Keeps the node alive between the commands of a test.
  const client = connect(address)
  ends.push(() => client.close())
  const path = '/local/tenure'
  await client.createNode(path)
  const start = (words: readonly string[], options?: RunOptions): Run =>
    new Run(['-a', address, '--timeout', '2s', ...words], options)
  return {
    address,
    client,
    path,
    session: (description = 'a test') => client.openSession(path, { description }),
    start,
    async ends(words, options) {
      const run = start(words, options)
      return Object.assign(run, { code: await run.exitCode })
    },
    async [Symbol.asyncDispose]() {
      for (const end of ends.toReversed()) await end()
    },
  }
}

async function servedAddress(ends: (() => Promise<void>)[]): Promise<string> {
  const listen = { host: '127.0.0.1', port: 0 }
  const server = await startServer({ engine: openMemoryEngine(), http: null, listen })
  ends.push(() => server.stop())
  return `grpc://127.0.0.1:${server.grpcAddress.port}/local`
}
