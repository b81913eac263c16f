/** An etcd cluster of one or more members on loopback, with its data in a directory of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePorts } from '../../../../test/free-ports.ts'

/** How often it is asked whether a member listens. */
const ASK_EVERY_MS = 20

/** Whether the programs are installed. */
export function hasEtcd(): boolean {
  try {
    for (const program of ['etcd', 'etcdctl']) execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** What etcdctl tells of a member. */
interface Status {
  readonly Endpoint: string
  readonly Status: {
    readonly leader: number
    readonly header: { readonly member_id: number }
  }
}

interface ClusterOptions {
  readonly members?: number
  /** More of etcd's flags, for every member. */
  readonly flags?: readonly string[]
  /** How clients come. */
  readonly scheme?: 'http' | 'https'
  /** More of etcdctl's flags. */
  readonly ctlFlags?: readonly string[]
}

export class EtcdMember {
  readonly name: string
  readonly clientPort: number
  readonly peerPort: number
  readonly #command: readonly string[]
  #process: ChildProcess | null = null

  constructor(options: { name: string; clientPort: number; peerPort: number; command: string[] }) {
    this.name = options.name
    this.clientPort = options.clientPort
    this.peerPort = options.peerPort
    this.#command = options.command
  }

  /** `127.0.0.1:port` for clients. */
  get endpoint(): string {
    return `127.0.0.1:${this.clientPort}`
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const [program = 'etcd', ...flags] = this.#command
    const started = spawn(program, flags, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = started
    let said = ''
    started.stderr?.on('data', (text: Buffer) => {
      said = (said + text.toString()).slice(-4000)
    })
    while (!(await listens(this.clientPort))) {
      if (started.exitCode !== null) throw new Error(`etcd ${this.name} ended: ${said}`)
      await delay(ASK_EVERY_MS)
    }
  }

  /** As by kill -9. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Resolves when it has ended in good order. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** It stands still, with all its connections open, until `resume`. */
  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const ending = this.#process
    this.#process = null
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return
    const exited = once(ending, 'exit')
    ending.kill(signal)
    await exited
  }
}

export class EtcdCluster implements AsyncDisposable {
  readonly members: readonly EtcdMember[]
  readonly #folder: string
  readonly #ctlFlags: readonly string[]

  private constructor(members: readonly EtcdMember[], folder: string, ctlFlags: readonly string[]) {
    this.#ctlFlags = ctlFlags
    this.members = members
    this.#folder = folder
  }

  /** Resolves when the cluster has a leader. */
  static async start(options: ClusterOptions = {}): Promise<EtcdCluster> {
    const { members = 1, flags = [], scheme = 'http', ctlFlags = [] } = options
    const folder = mkdtempSync(join(tmpdir(), 'tenure-etcd-'))
    const ports = await freePorts(members * 2)
    const places = Array.from({ length: members }, (_, index) => ({
      name: `m${index}`,
      clientPort: ports[index * 2]!,
      peerPort: ports[index * 2 + 1]!,
    }))
    const initial = places.map(({ name, peerPort }) => `${name}=http://127.0.0.1:${peerPort}`)
    const cluster = new EtcdCluster(
      places.map((place) => {
        const client = `${scheme}://127.0.0.1:${place.clientPort}`
        const peer = `http://127.0.0.1:${place.peerPort}`
        const command = [
          ['etcd', '--name', place.name, '--data-dir', join(folder, place.name)],
          ['--listen-client-urls', client, '--advertise-client-urls', client],
          ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
          ['--initial-cluster', initial.join(','), '--log-level', 'error'],
          ['--initial-cluster-token', folder, ...flags],
        ].flat()
        return new EtcdMember({ ...place, command })
      }),
      folder,
      ctlFlags,
    )
    await Promise.all(cluster.members.map((member) => member.start()))
    await cluster.ready()
    return cluster
  }

  get endpoints(): readonly string[] {
    return this.members.map(({ endpoint }) => endpoint)
  }

  /** Resolves when a write goes through. */
  async ready(): Promise<void> {
    for (;;) {
      try {
        this.ctl(['put', 'tenure-test-ready', '1'])
        return
      } catch {
        await delay(ASK_EVERY_MS)
      }
    }
  }

  /** Runs etcdctl; by default against all members. @returns what it prints */
  ctl(command: readonly string[], endpoints: readonly string[] = this.endpoints): string {
    const flags = ['--endpoints', endpoints.join(','), '--command-timeout', '20s']
    const env = { ...process.env, ETCDCTL_API: '3' }
    return execFileSync('etcdctl', [...flags, ...this.#ctlFlags, ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    })
  }

  /** The member that leads now. */
  leader(): EtcdMember {
    const led = this.#statuses().find(({ Status }) => Status.leader === Status.header.member_id)
    const found = this.members.find(({ endpoint }) => endpoint === led?.Endpoint)
    if (found === undefined) throw new Error('nobody leads')
    return found
  }

  /** How etcd calls the member, in hexadecimal digits. */
  idOf(member: EtcdMember): string {
    const lines = this.ctl(['member', 'list', '-w', 'simple']).split('\n')
    const line = lines.find((text) => text.includes(`, ${member.name}, `))
    return line?.split(',')[0] ?? ''
  }

  /** The present revision of the store. */
  revision(): string {
    const answer: { readonly header: { readonly revision: number } } = JSON.parse(
      this.ctl(['get', 'tenure-test-ready', '-w', 'json']),
    )
    return String(answer.header.revision)
  }

  #statuses(): readonly Status[] {
    return JSON.parse(this.ctl(['endpoint', 'status', '-w', 'json']))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.members.map((member) => {
        member.resume()
        return member.kill()
      }),
    )
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
