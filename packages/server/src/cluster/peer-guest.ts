/** Another server of the cluster, as one that asks this one for the nodes that run here. */
import { type Log, reasonOf } from '../log.ts'
import type { HostedNode } from '../host/host.ts'
import type { PathRefusal } from '../host/directory.ts'
import { UnreachedError } from '../host/unreached.ts'
import { GuestStream } from './guest-stream.ts'
import type { PeerAnswer, PeerAsk } from './peer-message.ts'
import type { SessionTotal } from './traffic.ts'

/** The nodes that run here. */
export interface OwnNodes {
  /** Whether this server has the node, as far as it sees the others. */
  has(path: string): boolean
  node(path: string, options: { create: boolean }): Promise<HostedNode | PathRefusal>
  /** Another server will soon let go of the node. */
  expect(path: string): Promise<void>
  /** Loads a node that another server has let go of. */
  take(path: string): Promise<void>
}

export interface GuestPorts {
  readonly nodes: OwnNodes
  readonly log: Log
  readonly say: (answer: PeerAnswer) => void
  /** Counts the sessions of the others' clients. */
  readonly total: SessionTotal
}

const ELSEWHERE = 'the node is placed on another server by now'

export class PeerGuest {
  readonly #ports: GuestPorts
  readonly #streams = new Map<number, GuestStream>()
  #isOver = false

  constructor(ports: GuestPorts) {
    this.#ports = ports
  }

  receive(ask: PeerAsk): void {
    switch (ask.kind) {
      case 'open':
        return void this.#open(ask)
      case 'submit':
        return this.#streams.get(ask.stream)?.submit(ask.command)
      case 'detach':
        return this.#streams.get(ask.stream)?.detach(ask.session)
      case 'close':
        this.#streams.get(ask.stream)?.close()
        this.#streams.delete(ask.stream)
        return
      case 'reserve':
        return void this.#reserve(ask)
      case 'expect':
      case 'take':
        return void this.#take(ask)
    }
  }

  /** The other server has gone: whom it spoke for is detached. */
  left(): void {
    this.#isOver = true
    for (const stream of this.#streams.values()) stream.close()
    this.#streams.clear()
  }

  async #open({ stream: number, path }: Extract<PeerAsk, { kind: 'open' }>): Promise<void> {
    const { nodes, log, say, total } = this.#ports
    const over = (): void => void this.#streams.delete(number)
    const stream = new GuestStream(number, { say, over, total })
    this.#streams.set(number, stream)
    try {
      const node = nodes.has(path) ? await nodes.node(path, { create: false }) : null
      // Whoever asked has seen the node: that it is not there now is a matter of time.
      if (node === null || typeof node === 'string') stream.ended('unreached')
      else stream.begin(node)
    } catch (error) {
      log.warn('a node could not be reached for another server', { path, reason: reasonOf(error) })
      stream.ended(error instanceof UnreachedError ? 'unreached' : 'failed')
    }
  }

  async #take({ kind, ask, path }: Extract<PeerAsk, { kind: 'expect' | 'take' }>): Promise<void> {
    const { nodes, log, say } = this.#ports
    try {
      await (kind === 'take' ? nodes.take(path) : nodes.expect(path))
    } catch (error) {
      log.warn('a node of another server could not be taken over', {
        path,
        reason: reasonOf(error),
      })
    }
    if (!this.#isOver) say({ kind: 'taken', ask })
  }

  async #reserve({ ask, path }: Extract<PeerAsk, { kind: 'reserve' }>): Promise<void> {
    const answer = await this.#reserved(ask, path)
    if (!this.#isOver) this.#ports.say(answer)
  }

  async #reserved(ask: number, path: string): Promise<PeerAnswer> {
    const { nodes } = this.#ports
    try {
      if (!nodes.has(path))
        return { kind: 'not-reserved', ask, reason: ELSEWHERE, isElsewhere: true }
      const node = await nodes.node(path, { create: true })
      return { kind: 'reserved', ask, refusal: typeof node === 'string' ? node : null }
    } catch (error) {
      const isElsewhere = error instanceof UnreachedError
      return { kind: 'not-reserved', ask, reason: reasonOf(error), isElsewhere }
    }
  }
}
