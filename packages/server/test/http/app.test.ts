/** The HTTP face: probes, version, metrics, status page. */
import { openMemoryEngine } from '@tenure/engine/memory'
import type { Engine } from '@tenure/engine'
import { expect, test } from 'vitest'
import { atEnd, serve, serveNode } from '../grpc/harness.ts'
import type { ServerOptions } from '../../src/index.ts'

const ANY_PORT = { host: '127.0.0.1', port: 0 }

async function serveHttp(options: Partial<ServerOptions> = {}) {
  const { server, client } = await serveNode({ http: ANY_PORT, ...options })
  const { host, port } = server.httpAddress ?? ANY_PORT
  const get = async (path: string) => fetch(`http://${host}:${port}${path}`)
  return { server, client, get }
}

test('probes and version answer', async () => {
  const { get } = await serveHttp({ version: '1.2.3' })
  for (const path of ['/livez', '/readyz', '/healthz']) {
    expect((await get(path)).status).toBe(200)
  }
  expect(await (await get('/version')).json()).toEqual({ name: 'tenure', version: '1.2.3' })
  expect((await get('/nothing')).status).toBe(404)
})

test('a server whose engine does not answer is alive but not ready', async () => {
  const engine = openMemoryEngine()
  let isBroken = false
  const moody: Engine = {
    name: engine.name,
    durable: engine.durable,
    claim: async (partition, owner) => engine.claim(partition, owner),
    partitions: (prefix) => engine.partitions(prefix),
    peek: async (partition, key) => engine.peek(partition, key),
    cut: async () => engine.cut(),
    close: async () => engine.close(),
    ownerOf: async (partition) => {
      if (isBroken) throw new Error('broken')
      return engine.ownerOf(partition)
    },
  }
  const { get } = await serveHttp({ engine: moody })
  isBroken = true
  expect((await get('/readyz')).status).toBe(503)
  expect((await get('/livez')).status).toBe(200)
  expect((await get('/')).status).toBe(200)
})

test('metrics count sessions and commits and name no lock', async () => {
  const { get, client } = await serveHttp()
  const stream = await client.session()
  const value = { reqId: 1n, name: 'secret-lock', count: 1n, ephemeral: true }
  stream.send({ case: 'acquireSemaphore', value })
  await stream.next('acquireSemaphoreResult')
  const response = await get('/metrics')
  expect(response.headers.get('content-type')).toContain('text/plain')
  const text = await response.text()
  expect(text).toMatch(/^tenure_sessions 1$/m)
  expect(text).toMatch(/^tenure_owners 1$/m)
  expect(text).toMatch(/^tenure_streams 1$/m)
  expect(text).toMatch(/^tenure_grants_total 1$/m)
  expect(text).toMatch(/^tenure_commits_total [1-9]/m)
  expect(text).toMatch(/^tenure_commit_seconds_bucket\{le="\+Inf"\} [1-9]/m)
  expect(text).toMatch(/^tenure_commit_batch_size_count [1-9]/m)
  expect(text).toMatch(/^tenure_event_loop_delay_seconds /m)
  expect(text).not.toContain('secret-lock')
})

// guards: A5
test('the status page shows its data as text and runs no script', async () => {
  const { get } = await serveHttp({ version: '<script>alert(1)</script>' })
  const response = await get('/')
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  const page = await response.text()
  expect(page).toContain('&lt;script&gt;')
  expect(page).not.toContain('<script')
  expect(page).toContain('<th>Coordination nodes<td>1')
})

test('a server whose HTTP address is taken does not start, and leaves nothing listening', async () => {
  const { server } = await serveHttp()
  const taken = server.httpAddress ?? ANY_PORT
  const engine = openMemoryEngine()
  atEnd(() => engine.close())
  await expect(serve({ engine, http: taken })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})
