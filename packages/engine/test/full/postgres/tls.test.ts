import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { lacks } from '../../../../../test/needs.ts'
import { hasPostgres, PostgresServer } from '../../../../../test/postgres-server.ts'
import { OWNER, put, read } from '../../../src/conformance/entries.ts'
import { EngineError } from '../../../src/errors.ts'
import { openPostgresEngine } from '../../../src/postgres/index.ts'
import type { PostgresPlace } from '../../../src/postgres/index.ts'
import { placeIn } from '../../postgres/scratch-schema.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenure-tls-'))
const certificate = join(folder, 'server.pem')
const key = join(folder, 'server.key')

let server: PostgresServer | null = null
beforeAll(async () => {
  if (!hasPostgres() || spawnSync('openssl', ['version']).status !== 0) return
  // Its name is another one than that by which the server is reached.
  const subject = ['-subj', '/CN=db.example.com', '-addext', 'subjectAltName=DNS:db.example.com']
  const files = ['-keyout', key, '-out', certificate]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...files], {
    stdio: 'ignore',
  })
  server = await PostgresServer.start()
  spawnSync('chown', ['--reference', server.data, folder, key, certificate])
  chmodSync(key, 0o600)
  await server.end()
  await server.begin({ ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key })
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach((context) => {
  if (server === null) lacks(context, hasPostgres() ? 'openssl' : 'postgres')
})

/** Whether what was opened is encrypted, as the server sees it. */
async function isEncrypted(changes: Partial<PostgresPlace>): Promise<unknown> {
  const engine = await openPostgresEngine(placeIn(server!, changes))
  const partition = await engine.claim('p', OWNER)
  await partition.commit([put('a', '1')])
  expect(await read(partition)).toEqual(['a=1'])
  const [[used] = []] = await server!.query(
    "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'tenure'",
  )
  await engine.close()
  return used
}

test('what is to be encrypted is', async () => {
  expect(await isEncrypted({ tlsUse: 'require' })).toBe(true)
  expect(await isEncrypted({ tlsUse: 'prefer' })).toBe(true)
  expect(await isEncrypted({ tlsUse: 'disable' })).toBe(false)
})

test('a server is checked as far as was asked for', async () => {
  const ca = readFileSync(certificate)
  const unknown = { tlsUse: 'require', tls: { rejectUnauthorized: true } } as const
  await expect(openPostgresEngine(placeIn(server!, unknown))).rejects.toThrow(EngineError)
  const known = { tlsUse: 'require', tls: { rejectUnauthorized: true, ca } } as const
  await expect(openPostgresEngine(placeIn(server!, known))).rejects.toThrow('altnames')
  const named = {
    tlsUse: 'require',
    tls: { rejectUnauthorized: true, ca, checkServerIdentity: () => undefined },
  } as const
  expect(await isEncrypted(named)).toBe(true)
})

test('a server that cannot encrypt is used when that is only preferred', async () => {
  await server!.end()
  await server!.begin()
  expect(await isEncrypted({ tlsUse: 'prefer' })).toBe(false)
  const place = placeIn(server!, { tlsUse: 'require' })
  await expect(openPostgresEngine(place)).rejects.toThrow('does not support SSL')
})

test('an encrypted connection is given up when the server is silent, and not while it answers', async () => {
  await server!.end()
  await server!.begin({ ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key })
  const place = placeIn(server!, { tlsUse: 'require' })
  const engine = await openPostgresEngine(place, { answerMs: 200, patienceMs: 20_000 })
  const partition = await engine.claim('p', OWNER)
  const sessions = (): Promise<unknown> =>
    server!.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'tenure'")
  const before = await sessions()
  const beganMs = performance.now()
  while (performance.now() - beganMs < 1_000) await partition.commit([put('a', '1')])
  expect(await sessions()).toEqual(before)
  server!.pause()
  const committed = partition.commit([put('a', '2')])
  await new Promise((resolve) => setTimeout(resolve, 600))
  server!.resume()
  await committed
  expect(await sessions()).not.toEqual(before)
  await engine.close()
})
