/** A server over the memory engine with one coordination node, and a raw client that reaches it. */
import { openMemoryEngine } from '@tenure/engine/memory'
import { afterEach } from 'vitest'
import { type RunningServer, type ServerOptions, startServer } from '../../src/index.ts'
import { RawClient } from './raw-client.ts'

const ends: Array<() => Promise<void> | void> = []

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** Runs `end` after the test. */
export function atEnd(end: () => Promise<void> | void): void {
  ends.push(end)
}

export interface Harness {
  readonly server: RunningServer
  readonly client: RawClient
}

const ANY_PORT = { host: '127.0.0.1', port: 0 }

export async function serve(options: Partial<ServerOptions> = {}): Promise<Harness> {
  const server = await startServer({
    engine: options.engine ?? openMemoryEngine(),
    listen: ANY_PORT,
    http: null,
    ...options,
  })
  atEnd(() => server.stop())
  const client = connect(server)
  return { server, client }
}

/** A client on a connection of its own. */
export function connect(
  server: Pick<RunningServer, 'grpcAddress'>,
  options: Record<string, number> = {},
): RawClient {
  const client = new RawClient(server.grpcAddress, options)
  atEnd(() => client.close())
  return client
}

/** A server with the node `/local/node`. */
export async function serveNode(options: Partial<ServerOptions> = {}): Promise<Harness> {
  const harness = await serve(options)
  await harness.client.createNode('/local/node')
  return harness
}
