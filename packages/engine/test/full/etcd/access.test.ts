import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { lacks } from '../../../../../test/needs.ts'
import { openEtcdEngine } from '../../../src/etcd/index.ts'
import { EtcdCluster, hasEtcd } from '../../etcd/cluster.ts'

const OWNER = { id: 'owner', address: '' }
const PUT = { kind: 'put', key: Buffer.from('a'), value: Buffer.from('1') } as const

const folder = mkdtempSync(join(tmpdir(), 'tenure-etcd-tls-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = (name: string): string => join(folder, name)

// guards: A1
test('a user logs in, and again when etcd no longer knows the token', async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  await using cluster = await EtcdCluster.start()
  const { endpoints } = cluster
  cluster.ctl(['user', 'add', 'root:rootword'])
  cluster.ctl(['user', 'grant-role', 'root', 'root'])
  cluster.ctl(['user', 'add', 'tenure:word'])
  cluster.ctl(['role', 'add', 'tenure'])
  cluster.ctl(['role', 'grant-permission', 'tenure', 'readwrite', '--prefix=true', '/mine/'])
  cluster.ctl(['user', 'grant-role', 'tenure', 'tenure'])
  cluster.ctl(['auth', 'enable'])
  const mine = { endpoints, prefix: '/mine', timeoutMs: 2_000 }
  await expect(openEtcdEngine(mine)).rejects.toThrow(/give the engine a user and a password/)
  await expect(openEtcdEngine({ ...mine, user: 'tenure', password: 'wrong' })).rejects.toThrow(
    /authentication failed/,
  )
  const login = { user: 'tenure', password: 'word' }
  await expect(openEtcdEngine({ ...mine, ...login, prefix: '/other' })).rejects.toThrow(
    /permission denied/,
  )
  const engine = await openEtcdEngine({ ...mine, ...login, timeoutMs: 10_000 })
  const partition = await engine.claim('p', OWNER)
  await partition.commit([PUT])
  // Simple tokens are in the memory of the members.
  await cluster.members[0]!.stop()
  await cluster.members[0]!.start()
  await partition.commit([PUT])
  expect(await partition.get(PUT.key)).toEqual(new Uint8Array(PUT.value))
  const announced = await engine.members!.join(OWNER, 2_000)
  for await (const servers of engine.members!.watch(new AbortController().signal)) {
    expect(servers).toEqual([OWNER])
    break
  }
  await announced.leave()
  // A change of users makes every token old.
  cluster.ctl(['--user', 'root:rootword', 'user', 'add', 'one-more:word'])
  await partition.commit([PUT])
  await engine.close()
})

test('members that want certificates get them, and theirs are checked', async (context) => {
  if (!hasEtcd()) lacks(context, 'etcd')
  makeCertificates()
  await using cluster = await EtcdCluster.start({
    scheme: 'https',
    flags: [
      ['--cert-file', file('server.pem'), '--key-file', file('server.key')],
      ['--client-cert-auth', '--trusted-ca-file', file('ca.pem')],
    ].flat(),
    ctlFlags: [
      ['--cacert', file('ca.pem'), '--cert', file('server.pem')],
      ['--key', file('server.key')],
    ].flat(),
  })
  const { endpoints } = cluster
  const [ca, cert, key] = ['ca.pem', 'server.pem', 'server.key'].map((name) =>
    readFileSync(file(name)),
  )
  const tls = { ca: ca!, cert: cert!, key: key! }
  const engine = await openEtcdEngine({ endpoints, tls })
  const partition = await engine.claim('p', OWNER)
  await partition.commit([PUT])
  expect(await partition.get(PUT.key)).toEqual(new Uint8Array(PUT.value))
  await engine.close()
  for (const wrong of [undefined, {}, { ca: ca! }]) {
    const options = wrong === undefined ? {} : { tls: wrong }
    await expect(openEtcdEngine({ endpoints, timeoutMs: 1_000, ...options })).rejects.toThrow(
      /cannot be used/,
    )
  }
})

function makeCertificates(): void {
  const request = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl([
    request,
    ['-x509', '-days', '2', '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.pem'],
  ])
  openssl([
    request,
    ['-x509', '-days', '2', '-subj', '/CN=etcd', '-CA', 'ca.pem', '-CAkey', 'ca.key'],
    ['-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=CA:FALSE'],
    ['-keyout', 'server.key', '-out', 'server.pem'],
  ])
}

function openssl(words: readonly (readonly string[])[]): void {
  execFileSync('openssl', words.flat(), { cwd: folder, stdio: 'ignore' })
}
