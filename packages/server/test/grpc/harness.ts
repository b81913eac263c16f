/** A server over the memory engine with one coordination node, and a raw client that reaches it. */
import { openMemoryEngine } from '@tenure/engine/memory'
import { onTestFinished } from 'vitest'
import { type RunningServer, type ServerOptions, startServer } from '../../src/index.ts'
import { RawClient } from './raw-client.ts'

/**
 * Runs `end` after the test, the last one that was asked for first.
 *
 * A hook of this module would only serve the first file of a process: the module stays loaded for the next one.
 */
export function atEnd(end: () => Promise<void> | void): void {
  onTestFinished(end)
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
