/**
 * Who may ask a server of a cluster as another server does.
 *
 * guards: A1
 */
import { once } from 'node:events'
import { connect } from 'node:http2'
import type { Engine } from '@tenure/engine'
import { openMemoryEngine } from '@tenure/engine/memory'
import { expect, test } from 'vitest'
import { startServer, writtenAddress } from '../../src/index.ts'

const PATH = '/tenure.internal.Peer/Forward'

/** One that servers could share, though nobody does. */
function sharedEngine(joined: (id: string) => void): Engine {
  return Object.assign(openMemoryEngine(), {
    members: {
      join: ({ id }: { id: string }) => {
        joined(id)
        return Promise.resolve({ leave: () => Promise.resolve() })
      },
      async *watch() {
        yield []
      },
    },
  })
}

/** How the call ends; `accepted` when it goes on. */
async function call(address: string, headers: Record<string, string>): Promise<string> {
  const session = connect(`http://${address}`)
  const stream = session.request({
    ':method': 'POST',
    ':path': PATH,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
  try {
    return await new Promise((resolve, reject) => {
      session.on('error', reject)
      stream.on('error', reject)
      stream.on('response', (response) => resolve(String(response['grpc-status'] ?? 'accepted')))
    })
  } finally {
    session.destroy()
  }
}

test('only who shows the id that stands in the engine, and speaks the same version', async () => {
  let id = ''
  const engine = sharedEngine((joined) => (id = joined))
  const listen = { host: '127.0.0.1', port: 0 }
  const server = await startServer({ engine, listen, http: null })
  const address = writtenAddress(server.grpcAddress)
  const version = { 'x-tenure-peer-version': '1' }
  try {
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(await call(address, { ...version, 'x-tenure-server': id })).toBe('accepted')
    expect(await call(address, { ...version, 'x-tenure-server': 'x'.repeat(32) })).toBe('7')
    expect(await call(address, version)).toBe('7')
    const other = { 'x-tenure-peer-version': '2', 'x-tenure-server': id }
    expect(await call(address, other)).toBe('9')
  } finally {
    await server.stop()
  }
})

test('a server ends without waiting for another one that does not know of it', async () => {
  let id = ''
  const engine = sharedEngine((joined) => (id = joined))
  const listen = { host: '127.0.0.1', port: 0 }
  const server = await startServer({ engine, listen, http: null })
  const session = connect(`http://${writtenAddress(server.grpcAddress)}`)
  const stream = session.request({
    ':method': 'POST',
    ':path': PATH,
    'content-type': 'application/grpc',
    te: 'trailers',
    'x-tenure-server': id,
    'x-tenure-peer-version': '1',
  })
  try {
    await once(stream, 'response')
    stream.resume()
    const [trailers] = await Promise.all([once(stream, 'trailers'), server.stop()])
    expect(trailers[0]).toMatchObject({ 'grpc-status': '14', 'grpc-message': 'The server stops' })
  } finally {
    session.destroy()
  }
})

test('a server that is alone has nothing that other servers could ask', async () => {
  const listen = { host: '127.0.0.1', port: 0 }
  const server = await startServer({ engine: openMemoryEngine(), listen, http: null })
  try {
    expect(await call(writtenAddress(server.grpcAddress), {})).toBe('12')
  } finally {
    await server.stop()
  }
})

test('a server that listens everywhere must say where the others reach it', async () => {
  const engine = sharedEngine(() => undefined)
  const listen = { host: '0.0.0.0', port: 0 }
  const starting = startServer({ engine, listen, http: null, insecure: true })
  await expect(starting).rejects.toThrow('say it with "advertise"')
})
