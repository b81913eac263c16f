/**
 * One process at a time per directory, by a listening socket in it.
 *
 * The kernel closes the socket with its process, however that ends, so a crashed holder never blocks the next one, and no process id is
 * trusted. Each starter listens under a name never used before, then looks at all others: whoever sees another alive
 * withdraws, so two never hold together. Of several that start at once the smallest name waits for the others to withdraw;
 * whoever comes while one is there stays out of it, so that many who try again and again do not keep each other from it.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { EngineError, HeldError } from '../errors.ts'

const SOCKET = /^holder-[0-9a-f]+\.sock$/
/** How often the smallest name looks again before it believes that the other one stays. */
const LOOKS_MAX = 40
const LOOK_PAUSE_MS = 5

/** Directories open in this process. */
const open = new Set<string>()

export class HolderLock {
  readonly #directory: string
  readonly #name: string
  readonly #folder: number
  readonly #server: Server = createServer((socket) => this.#received(socket))
  /** Until there is one, whoever comes learns only that somebody is here. */
  #host: ((visitor: Socket) => void) | null = null

  private constructor(directory: string) {
    this.#directory = directory
    this.#name = `holder-${randomBytes(16).toString('hex')}.sock`
    this.#folder = openSync(directory, 'r')
  }

  /** @throws HeldError when a process has the directory */
  static async take(directory: string, address: string): Promise<HolderLock> {
    if (open.has(directory)) {
      throw new HeldError(`the store ${directory} is open in this process (pid ${process.pid})`)
    }
    open.add(directory)
    let lock: HolderLock | undefined
    try {
      lock = new HolderLock(directory)
      const there = await lock.#otherAlive()
      if (there !== null) throw lock.#held(there)
      await lock.#listen(address)
      await lock.#win()
      return lock
    } catch (error) {
      await lock?.release()
      open.delete(directory)
      if (error instanceof EngineError) throw error
      const reason = error instanceof Error ? error.message : String(error)
      throw new EngineError(`the store ${directory} cannot be locked: ${reason}`, { cause: error })
    }
  }

  /** Whether this process has the directory. */
  static isHere(directory: string): boolean {
    return open.has(directory)
  }

  /** A connection to the process that has the directory; null when none is found. */
  static async visit(directory: string): Promise<Socket | null> {
    const folder = openSync(directory, 'r')
    try {
      for (const name of readdirSync(directory).toSorted()) {
        const socket = SOCKET.test(name) ? await connected(pathIn(directory, folder, name)) : null
        if (socket !== null) return socket
      }
      return null
    } finally {
      closeSync(folder)
    }
  }

  /** @param host has each connection from now on, and has ended all of them before the release */
  receive(host: (visitor: Socket) => void): void {
    this.#host = host
  }

  async release(): Promise<void> {
    if (!open.delete(this.#directory)) return
    rmSync(join(this.#directory, recordOf(this.#name)), { force: true })
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    rmSync(join(this.#directory, this.#name), { force: true })
    closeSync(this.#folder)
  }

  #received(socket: Socket): void {
    if (this.#host === null) socket.destroy()
    else this.#host(socket)
  }

  async #listen(address: string): Promise<void> {
    const since = new Date().toISOString()
    const record = JSON.stringify({ pid: process.pid, host: hostname(), since, address })
    writeFileSync(join(this.#directory, recordOf(this.#name)), record, { mode: 0o600 })
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      // In a worker of a cluster of Node's the primary process would listen, and would hold the directory for all of its workers.
      this.#server.listen({ path: this.#path(this.#name), exclusive: true }, resolve)
    })
    this.#server.unref()
  }

  async #win(): Promise<void> {
    for (let looks = 0; ; looks += 1) {
      const other = await this.#otherAlive()
      // A starter that looked before this one listened took its socket for a dead one and removed it.
      if (!existsSync(join(this.#directory, this.#name))) throw this.#held(other ?? this.#name)
      if (other === null) return
      if (other < this.#name || looks === LOOKS_MAX) throw this.#held(other)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_PAUSE_MS)
    }
  }

  /** The smallest name of another process that lives; what the dead left is removed. */
  async #otherAlive(): Promise<string | null> {
    for (const name of readdirSync(this.#directory).toSorted()) {
      if (!SOCKET.test(name) || name === this.#name) continue
      if (await this.#answers(name)) return name
      rmSync(join(this.#directory, name), { force: true })
      rmSync(join(this.#directory, recordOf(name)), { force: true })
    }
    return null
  }

  #answers(name: string): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#path(name))
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      // Anything but a clear refusal may be a holder too busy to answer.
      socket.once('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT')
      })
    })
  }

  #path(name: string): string {
    return pathIn(this.#directory, this.#folder, name)
  }

  #held(name: string): HeldError {
    return new HeldError(`the store ${this.#directory} is open in ${this.#describe(name)}`)
  }

  #describe(name: string): string {
    try {
      const record = JSON.parse(readFileSync(join(this.#directory, recordOf(name)), 'utf8'))
      const where = record.address === '' ? '' : `, reachable at ${record.address}`
      return `process ${record.pid} on ${record.host} since ${record.since}${where}`
    } catch {
      return 'another process that is just starting or ending'
    }
  }
}

/** Paths of sockets are short; through the open folder the directory may lie as deep as it likes. */
function pathIn(directory: string, folder: number, name: string): string {
  const short = `/proc/self/fd/${folder}`
  return join(existsSync(short) ? short : directory, name)
}

/** Null when nobody listens there. */
function connected(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('error', () => resolve(null))
    socket.once('connect', () => resolve(socket))
  })
}

function recordOf(socketName: string): string {
  return socketName.replace(/\.sock$/, '.json')
}
