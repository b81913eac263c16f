/**
 * etcd: its lock service, its watch and its leases, by grpc-js without a client library in between.
 */
import { Client, credentials, type ClientDuplexStream } from '@grpc/grpc-js'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../machine/port.ts'
import { firstLine, need } from '../machine/program.ts'
import { ServerProcess } from '../machine/server-process.ts'
import { together } from '../machine/together.ts'
import type { Board, Locker, Running, Subject, Visitor } from '../subjects/subject.ts'
import { bytesOf, decode, encode } from './protobuf.ts'

/** Longer than any measurement, so that the leases of lockers need no keep-alive. */
const LEASE_TTL_S = 600
const IDLE_TTL_S = 30
const KEEP_ALIVE_MS = 10_000
const CONNECTIONS = 4
const BOARD_KEY = 'board'

export const etcd: Subject = {
  id: 'etcd',
  title: 'etcd lock service',
  family: 'rival',
  durable: true,
  settings:
    'one member, fsync on; v3lock Lock/Unlock, one lease per party, one connection by grpc-js; watchers on 4 connections, one watch stream each; idle sessions are leases kept alive on one stream',
  workloads: new Set(['pairs', 'hand-off', 'fan-out', 'idle']),
  start: (folder) => startEtcd(folder),
  visit: async (address) => new EtcdVisitor(address),
}

export const etcdTrio: Subject = {
  ...etcd,
  id: 'etcd-trio',
  title: 'etcd lock service, 3 members',
  settings:
    'three members on one core, fsync on; v3lock Lock/Unlock, one lease per party, one connection by grpc-js to one member',
  workloads: new Set(['pairs', 'hand-off']),
  start: (folder) => startEtcd(folder, 3),
  visit: async (address) => new EtcdVisitor(address.split(',')[0] ?? address),
}

/** @returns with the addresses of all members, by comma */
export async function startEtcd(folder: string, members = 1): Promise<Running> {
  const program = need('etcd', 'etcd-server')
  const names = Array.from({ length: members }, (_, index) => `m${index}`)
  const ports: { readonly name: string; readonly client: number; readonly peer: number }[] = []
  for (const name of names) ports.push({ name, client: await freePort(), peer: await freePort() })
  const initial = ports.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join(',')
  const commands = ports.map(({ name, client, peer }) => {
    const [url, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`]
    return [
      [program, '--name', name, '--data-dir', join(folder, name)],
      ['--listen-client-urls', url, '--advertise-client-urls', url],
      ['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ['--initial-cluster', initial, '--log-level', 'error'],
    ].flat()
  })
  const [first = []] = commands
  const command = members === 1 ? first : together(commands)
  const server = await ServerProcess.start({ command, port: ports[0]?.client ?? 0, folder })
  return {
    address: ports.map(({ client }) => `127.0.0.1:${client}`).join(','),
    pid: server.pid,
    version: /\d[\d.]*/.exec(firstLine([program, '--version']))?.[0] ?? 'unknown',
    stop: (ask) => server.stop(ask),
  }
}

const same = (bytes: Buffer): Buffer => bytes

class EtcdVisitor implements Visitor {
  readonly #address: string
  readonly #clients: Client[] = []
  #lastLease = process.pid * 1_000_000
  #keepAlive: ClientDuplexStream<Buffer, Buffer> | null = null

  constructor(address: string) {
    this.#address = address
  }

  async lockers(count: number): Promise<Locker[]> {
    const client = this.#connect()
    const lockers: Locker[] = []
    for (let party = 0; party < count; party++) {
      lockers.push(new EtcdLocker(client, await this.#lease(client, LEASE_TTL_S)))
    }
    return lockers
  }

  async board(watchers: number, seen: (version: number) => void): Promise<Board> {
    const perConnection = Math.ceil(watchers / CONNECTIONS)
    const streams = Array.from({ length: CONNECTIONS }, () => this.#connect())
    await Promise.all(streams.map((client) => watch(client, perConnection, seen)))
    const publisher = this.#connect()
    return {
      async publish(version) {
        const put = encode([
          [1, BOARD_KEY],
          [2, String(version)],
        ])
        await call(publisher, '/etcdserverpb.KV/Put', put)
      },
    }
  }

  async idle(count: number): Promise<void> {
    const client = this.#clients[0] ?? this.#connect()
    const stream = (this.#keepAlive ??= duplex(client, '/etcdserverpb.Lease/LeaseKeepAlive'))
    for (let session = 0; session < count; session++) {
      const lease = await this.#lease(client, IDLE_TTL_S)
      const keepAlive = encode([[1, lease]])
      void repeat(() => stream.write(keepAlive))
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close()
  }

  #connect(): Client {
    // Without its own subchannel pool grpc-js would put all clients on one connection.
    const options = { 'grpc.use_local_subchannel_pool': 1 }
    const client = new Client(this.#address, credentials.createInsecure(), options)
    this.#clients.push(client)
    return client
  }

  async #lease(client: Client, ttlSeconds: number): Promise<number> {
    const lease = ++this.#lastLease
    const grant = encode([
      [1, ttlSeconds],
      [2, lease],
    ])
    await call(client, '/etcdserverpb.Lease/LeaseGrant', grant)
    return lease
  }
}

class EtcdLocker implements Locker {
  readonly #client: Client
  readonly #lease: number
  #key: Buffer = Buffer.alloc(0)

  constructor(client: Client, lease: number) {
    this.#client = client
    this.#lease = lease
  }

  async acquire(name: string): Promise<void> {
    const request = encode([
      [1, name],
      [2, this.#lease],
    ])
    this.#key = bytesOf(await call(this.#client, '/v3lockpb.Lock/Lock', request), 2)
  }

  async release(): Promise<void> {
    await call(this.#client, '/v3lockpb.Lock/Unlock', encode([[1, this.#key]]))
  }
}

function call(client: Client, method: string, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(method, same, same, request, (error, answer) => {
      if (error !== null) reject(error)
      else resolve(answer ?? Buffer.alloc(0))
    })
  })
}

function duplex(client: Client, method: string): ClientDuplexStream<Buffer, Buffer> {
  const stream = client.makeBidiStreamRequest(method, same, same)
  stream.on('data', () => {})
  stream.on('error', () => {})
  return stream
}

/** Goes on until the process ends. */
async function repeat(keepAlive: () => void): Promise<void> {
  for (;;) {
    keepAlive()
    await delay(KEEP_ALIVE_MS)
  }
}

/** Puts `count` watches on one stream; resolves when etcd has created them all. */
function watch(client: Client, count: number, seen: (version: number) => void): Promise<void> {
  const stream = client.makeBidiStreamRequest('/etcdserverpb.Watch/Watch', same, same)
  return new Promise((resolve, reject) => {
    let missing = count
    stream.on('error', reject)
    stream.on('data', (message: Buffer) => {
      const answer = decode(message)
      if (answer.has(3) && --missing === 0) resolve()
      for (const event of answer.get(11) ?? []) {
        if (Buffer.isBuffer(event)) seen(Number(bytesOf(bytesOf(event, 2), 5).toString()))
      }
    })
    const create = encode([[1, encode([[1, BOARD_KEY]])]])
    for (let watcher = 0; watcher < count; watcher++) stream.write(create)
  })
}
