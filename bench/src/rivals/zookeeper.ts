/**
 * ZooKeeper: an ephemeral node per held name; where somebody waits, its recipe of numbered nodes that watch the one before.
 */
import { EventEmitter, once } from 'node:events'
import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../machine/port.ts'
import { AbsentError, need } from '../machine/program.ts'
import { ServerProcess } from '../machine/server-process.ts'
import { cellKey, cellValue, KEYS_PER_PARTY } from '../subjects/cell-values.ts'
import type { Cell, Locker, Running, Subject, Visitor } from '../subjects/subject.ts'
import { ERROR_NODE_EXISTS, ZooKeeperError, ZooKeeperSession } from './zookeeper-wire.ts'

const JARS = '/usr/share/java'
const SESSION_TIMEOUT_MS = 20_000
const CONNECTIONS = 4

const common = 'one server, forceSync yes; a small client of our own that pipelines on 4 sessions; '

export const zookeeperNode: Subject = {
  id: 'zookeeper',
  title: 'ZooKeeper nodes',
  family: 'rival',
  durable: true,
  settings: `${common}create and delete of one ephemeral node per pair, without waiting; setData with a version; getData, which may be older than the last write; an idle session has its own connection`,
  workloads: new Set(['pairs', 'swaps', 'reads', 'idle']),
  start: (folder) => startZooKeeper(folder),
  visit: async (address) => visitZooKeeper(address, (session) => new NodeLocker(session)),
}

export const zookeeperRecipe: Subject = {
  id: 'zookeeper-recipe',
  title: 'ZooKeeper lock recipe',
  family: 'rival',
  durable: true,
  settings: `${common}numbered ephemeral nodes, each waiter watches the one before it`,
  workloads: new Set(['hand-off']),
  start: (folder) => startZooKeeper(folder),
  visit: async (address) => visitZooKeeper(address, (session) => new RecipeLocker(session)),
}

async function startZooKeeper(folder: string): Promise<Running> {
  const java = need('java', 'default-jre-headless')
  const jar = installedJar()
  const port = await freePort()
  const settings = [
    `dataDir=${folder}`,
    `clientPort=${port}`,
    'clientPortAddress=127.0.0.1',
    'maxClientCnxns=0',
    'tickTime=2000',
    'forceSync=yes',
    'admin.enableServer=false',
  ]
  const file = join(folder, 'zoo.cfg')
  await writeFile(file, `${settings.join('\n')}\n`)
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
  const server = await ServerProcess.start({
    command: [java, '-cp', jar.path, main, file],
    port,
    folder,
  })
  return {
    address: String(port),
    pid: server.pid,
    version: jar.version,
    stop: (ask) => server.stop(ask),
  }
}

/** @throws AbsentError */
function installedJar(): { path: string; version: string } {
  for (const file of readdirSync(JARS, { encoding: 'utf8' })) {
    const version = /^zookeeper-(\d[\d.]*)\.jar$/.exec(file)?.[1]
    if (version !== undefined) return { path: join(JARS, file), version }
  }
  throw new AbsentError('ZooKeeper is not installed (Debian: zookeeper)')
}

function visitZooKeeper(address: string, locker: (session: ZooKeeperSession) => Locker): Visitor {
  const sessions: ZooKeeperSession[] = []
  const open = async (): Promise<ZooKeeperSession> => {
    const session = await ZooKeeperSession.open(Number(address), SESSION_TIMEOUT_MS)
    sessions.push(session)
    return session
  }
  return {
    async lockers(count) {
      const lockers: Locker[] = []
      for (let connection = 0; connection < CONNECTIONS; connection++) {
        const session = await open()
        for (let party = connection; party < count; party += CONNECTIONS)
          lockers.push(locker(session))
      }
      return lockers
    },
    async cells(count) {
      const connections = await Promise.all(Array.from({ length: CONNECTIONS }, open))
      const cells: Promise<NodeCell>[] = []
      for (const [at, session] of connections.entries()) {
        for (let party = at; party < count; party += CONNECTIONS) {
          cells.push(NodeCell.make(session, party))
        }
      }
      return Promise.all(cells)
    },
    async idle(count) {
      for (let session = 0; session < count; session++) await open()
    },
    async close() {
      for (const session of sessions) session.close()
    },
  }
}

class NodeLocker implements Locker {
  readonly #session: ZooKeeperSession

  constructor(session: ZooKeeperSession) {
    this.#session = session
  }

  async acquire(name: string): Promise<void> {
    await this.#session.create(`/${name}`, 'ephemeral')
  }

  release(name: string): Promise<void> {
    return this.#session.delete(`/${name}`)
  }
}

class RecipeLocker implements Locker {
  readonly #session: ZooKeeperSession
  #own = ''

  constructor(session: ZooKeeperSession) {
    this.#session = session
  }

  async acquire(name: string): Promise<void> {
    const folder = `/${name}`
    if (this.#own === '') await this.#folder(folder)
    this.#own = await this.#session.create(`${folder}/`, 'sequential')
    const own = this.#own.slice(folder.length + 1)
    for (;;) {
      const before = (await this.#session.children(folder)).filter((place) => place < own).sort()
      const previous = before.at(-1)
      if (previous === undefined) return
      await this.#gone(`${folder}/${previous}`)
    }
  }

  release(): Promise<void> {
    return this.#session.delete(this.#own)
  }

  async #folder(path: string): Promise<void> {
    try {
      await this.#session.create(path, 'persistent')
    } catch (error) {
      if (!(error instanceof ZooKeeperError && error.code === ERROR_NODE_EXISTS)) throw error
    }
  }

  async #gone(path: string): Promise<void> {
    const changed = new EventEmitter()
    const fired = once(changed, 'changed')
    if (await this.#session.exists(path, () => changed.emit('changed'))) await fired
  }
}

class NodeCell implements Cell {
  readonly #session: ZooKeeperSession
  readonly #party: number
  readonly #versions = Array.from({ length: KEYS_PER_PARTY }, () => 0)
  #turn = 0

  private constructor(session: ZooKeeperSession, party: number) {
    this.#session = session
    this.#party = party
  }

  static async make(session: ZooKeeperSession, party: number): Promise<NodeCell> {
    for (let turn = 0; turn < KEYS_PER_PARTY; turn++) {
      const path = `/${cellKey(party, turn)}`
      await session.delete(path).catch(() => {})
      await session.create(path, 'persistent', cellValue(party, turn))
    }
    return new NodeCell(session, party)
  }

  async swap(): Promise<void> {
    const turn = this.#turn++
    const at = turn % KEYS_PER_PARTY
    const version = this.#versions[at] ?? 0
    const value = cellValue(this.#party, turn)
    await this.#session.setData(`/${cellKey(this.#party, turn)}`, value, version)
    this.#versions[at] = version + 1
  }

  async read(): Promise<void> {
    await this.#session.getData(`/${cellKey(this.#party, this.#turn++)}`)
  }
}
