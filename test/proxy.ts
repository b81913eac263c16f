/**
 * A TCP proxy between clients and a server, for all that a network can do to them. Inside a connection bytes keep their
 * order, as TCP's do; everything else may happen.
 */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** `up` is from client to server. */
export type Way = 'up' | 'down'

const WAYS: readonly Way[] = ['up', 'down']

export interface Delay {
  readonly delayMs: number
  /** At most so much more, another amount for each piece. */
  readonly jitterMs?: number
}

export interface ProxyOptions {
  /** Draws the jitter, from 0 up to 1. */
  readonly random?: () => number
}

/** What one direction of all connections is like. */
interface Road {
  isStalled: boolean
  delayMs: number
  jitterMs: number
}

/** One direction of one connection. */
class Lane {
  readonly #source: Socket
  readonly #sink: Socket
  readonly #road: Road
  readonly #options: Required<ProxyOptions>
  readonly #queue: { readonly chunk: Buffer; readonly dueMs: number }[] = []
  #timer: NodeJS.Timeout | null = null
  #hasEnded = false
  #isSilent = false

  constructor(ends: { source: Socket; sink: Socket }, road: Road, options: Required<ProxyOptions>) {
    this.#source = ends.source
    this.#sink = ends.sink
    this.#road = road
    this.#options = options
    this.#source.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#source.on('end', () => {
      this.#hasEnded = true
      this.move()
    })
    this.#sink.on('drain', () => this.#source.resume())
    this.#sink.on('close', () => {
      if (this.#timer !== null) clearTimeout(this.#timer)
    })
  }

  /** From now on everything is lost. */
  silence(): void {
    this.#isSilent = true
    this.#queue.length = 0
    this.#source.resume()
  }

  /** Says to the sink that nothing more comes; what comes all the same is lost. */
  close(): void {
    this.silence()
    this.#sink.end()
  }

  /** Hands over what is due. */
  move(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#road.isStalled || this.#sink.destroyed) return
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const waitMs = next.dueMs - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.move(), waitMs)
        return
      }
      this.#queue.shift()
      this.#write(next.chunk)
    }
    if (this.#hasEnded && !this.#isSilent) this.#sink.end()
    if (!this.#sink.writableNeedDrain) this.#source.resume()
  }

  #take(chunk: Buffer): void {
    if (this.#isSilent) return
    const { delayMs, jitterMs, isStalled } = this.#road
    if (this.#queue.length === 0 && delayMs + jitterMs === 0 && !isStalled) {
      this.#write(chunk)
      return
    }
    const dueMs = performance.now() + delayMs + jitterMs * this.#options.random()
    // A piece never overtakes the one before it.
    this.#queue.push({ chunk, dueMs: Math.max(dueMs, this.#queue.at(-1)?.dueMs ?? 0) })
    // What does not fit here stays in the sender's socket, as on a road that is jammed.
    if (isStalled) this.#source.pause()
    else if (this.#queue.length === 1) this.move()
  }

  #write(chunk: Buffer): void {
    if (!this.#sink.writableEnded && !this.#sink.write(chunk)) this.#source.pause()
  }
}

interface Pair {
  readonly inner: Socket
  readonly outer: Socket
  readonly lanes: Readonly<Record<Way, Lane>>
}

export class Proxy implements AsyncDisposable {
  readonly #server: Server
  readonly #port: number
  readonly #options: Required<ProxyOptions>
  readonly #pairs = new Set<Pair>()
  readonly #roads: Readonly<Record<Way, Road>> = { up: clearRoad(), down: clearRoad() }
  #mode: 'open' | 'refusing' | 'silent' = 'open'
  #accepted = 0
  /** How much all connections may still carry before they break; null for all that comes. */
  #bytesLeft: number | null = null

  private constructor(server: Server, target: number, options: ProxyOptions) {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    this.#server = server
    this.#port = address.port
    this.#options = { random: Math.random, ...options }
    server.on('connection', (inner) => this.#accept(inner, target))
  }

  /** @param target the server's port on 127.0.0.1 */
  static async open(target: number, options: ProxyOptions = {}): Promise<Proxy> {
    const server = createServer({ allowHalfOpen: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Proxy(server, target, options)
  }

  /** Where it listens on 127.0.0.1. */
  get port(): number {
    return this.#port
  }

  /** `127.0.0.1:port`. */
  get host(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** Connections that were accepted so far. */
  get accepted(): number {
    return this.#accepted
  }

  /** Breaks all connections; new ones are refused until `restore`. */
  cut(): void {
    this.#mode = 'refusing'
    this.drop()
  }

  /** Breaks all connections; new ones are carried. */
  drop(): void {
    for (const pair of this.#pairs) destroy(pair)
  }

  /** Breaks all connections as a machine does that does not know them; new ones are carried. */
  reset(): void {
    for (const { inner, outer } of this.#pairs) {
      inner.resetAndDestroy()
      outer.resetAndDestroy()
    }
  }

  /** Breaks all connections in the middle of a message: when they have carried so much more. */
  cutAfter(bytes: number): void {
    this.#bytesLeft = bytes
  }

  /** One side of all connections hears that the other one says no more; the way back stays. */
  halfClose(way: Way): void {
    for (const { lanes } of this.#pairs) lanes[way].close()
  }

  /** Connections stay, old and new, and carry nothing in either direction: half-open, as when a machine lost its power. */
  silence(): void {
    this.#mode = 'silent'
    for (const { lanes } of this.#pairs) for (const way of WAYS) lanes[way].silence()
  }

  /** Nothing passes this way until `restore`, which delivers it: a partition in one direction. */
  stall(way: Way): void {
    this.#roads[way].isStalled = true
  }

  /** Everything takes longer, in one direction or in both. */
  slow({ delayMs, jitterMs = 0 }: Delay, ways: readonly Way[] = WAYS): void {
    for (const way of ways) Object.assign(this.#roads[way], { delayMs, jitterMs })
  }

  /** New connections are carried, nothing is slow, and what was held up arrives. Those that were silenced stay silent. */
  restore(): void {
    this.#mode = 'open'
    this.#bytesLeft = null
    for (const way of WAYS) Object.assign(this.#roads[way], clearRoad())
    for (const { lanes } of this.#pairs) for (const way of WAYS) lanes[way].move()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(inner: Socket, target: number): void {
    this.#accepted += 1
    inner.on('error', () => {})
    if (this.#mode === 'refusing') {
      inner.destroy()
      return
    }
    const outer = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    outer.on('error', () => {})
    for (const socket of [inner, outer]) {
      socket.setNoDelay(true)
      socket.on('data', (chunk: Buffer) => this.#count(chunk.length))
    }
    const lanes = {
      up: new Lane({ source: inner, sink: outer }, this.#roads.up, this.#options),
      down: new Lane({ source: outer, sink: inner }, this.#roads.down, this.#options),
    }
    const pair = { inner, outer, lanes }
    this.#pairs.add(pair)
    for (const socket of [inner, outer]) {
      socket.on('close', () => {
        this.#pairs.delete(pair)
        destroy(pair)
      })
    }
    if (this.#mode === 'silent') for (const way of WAYS) lanes[way].silence()
  }

  #count(bytes: number): void {
    if (this.#bytesLeft === null) return
    this.#bytesLeft -= bytes
    if (this.#bytesLeft > 0) return
    this.#bytesLeft = null
    this.drop()
  }
}

function clearRoad(): Road {
  return { isStalled: false, delayMs: 0, jitterMs: 0 }
}

function destroy({ inner, outer }: Pair): void {
  inner.destroy()
  outer.destroy()
}
