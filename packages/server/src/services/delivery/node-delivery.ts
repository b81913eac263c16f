/**
 * One node's tasks on their way to handlers: a session there while any theme has a handler, and again after the session was lost.
 *
 * A node that another server has taken is not asked for again: that server has heard of its themes, and to ask would be to take it back.
 */
import type { ThemeConfig } from '@tenure/kernel'
import type { Clock, Timer } from '../../clock.ts'
import type { HostContract } from '../../host/host.ts'
import { reasonOf } from '../../log.ts'
import type { Log } from '../../log.ts'
import type { Random } from '../../random.ts'
import type { Destinations } from './destinations.ts'
import type { EndpointAddress } from './endpoint.ts'
import { parseEndpoint } from './endpoint.ts'
import { PAUSE_MAX_MS } from './limits.ts'
import { NodeSession } from './node-session.ts'
import type { SessionEnd } from './node-session.ts'
import { Pauses } from './pause.ts'
import { ThemeDelivery } from './theme-delivery.ts'

export interface NodeDeliveryPorts {
  readonly host: Pick<HostContract, 'node'>
  readonly destinations: Destinations
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Nothing is to be done here until the node's themes are told anew. */
  over(): void
}

export class NodeDelivery {
  readonly #path: string
  readonly #ports: NodeDeliveryPorts
  readonly #pauses: Pauses
  readonly #deliveries = new Map<number, ThemeDelivery>()
  /** null until they have been told. */
  #themes: readonly ThemeConfig[] | null = null
  #session: NodeSession | null = null
  #pause: Timer | null = null
  #isSeeking = false
  #isStopped = false
  #beganMs = 0

  constructor(path: string, ports: NodeDeliveryPorts) {
    this.#path = path
    this.#ports = ports
    this.#pauses = new Pauses(ports.random)
  }

  /** All themes of the node, as they are now. */
  themes(themes: readonly ThemeConfig[]): void {
    this.#themes = themes
    if (this.#session === null) void this.seek()
    else this.#assign(this.#session)
  }

  /** Looks for the node, unless it is there already, is looked for, or is not wanted. Resolves when it was found or not. */
  async seek(): Promise<void> {
    if (this.#isStopped || this.#isSeeking || this.#session !== null || this.#pause !== null) return
    if (!this.#isWanted) return this.#ports.over()
    this.#isSeeking = true
    const found = await this.#find()
    this.#isSeeking = false
    if (found instanceof NodeSession) this.#begin(found)
    else this.#lost(found)
  }

  stop(): void {
    this.#isStopped = true
    this.#pause?.cancel()
    this.#session?.leave()
    this.#endDeliveries()
  }

  get #isWanted(): boolean {
    return this.#themes === null || this.#themes.some(({ handler }) => handler !== '')
  }

  async #find(): Promise<NodeSession | SessionEnd> {
    const { host, clock, log } = this.#ports
    try {
      const node = await host.node(this.#path, { create: false })
      return typeof node === 'string' ? 'dropped' : await NodeSession.open(node, clock)
    } catch (error) {
      log.warn('a node could not be reached', { path: this.#path, reason: reasonOf(error) })
      return 'failed'
    }
  }

  #begin(session: NodeSession): void {
    if (this.#isStopped) return session.leave()
    this.#session = session
    this.#themes ??= []
    this.#beganMs = this.#ports.clock.monotonicMs()
    void this.#untilOver(session)
    this.#assign(session)
  }

  async #untilOver(session: NodeSession): Promise<void> {
    const why = await session.over
    this.#session = null
    if (this.#ports.clock.monotonicMs() - this.#beganMs > PAUSE_MAX_MS) this.#pauses.reset()
    this.#endDeliveries()
    this.#lost(why)
  }

  #assign(session: NodeSession): void {
    for (const config of this.#themes ?? []) {
      const assignment = { config, address: this.#addressOf(config) }
      const delivery = this.#deliveries.get(config.theme)
      if (delivery !== undefined) {
        delivery.assign(assignment)
      } else if (assignment.address !== null) {
        const path = this.#path
        const idle = (): void => this.#leaveIdle(session)
        const ports = { ...this.#ports, path, session, idle }
        this.#deliveries.set(config.theme, new ThemeDelivery(assignment, ports))
      }
    }
    this.#leaveIdle(session)
  }

  #addressOf({ theme, handler }: ThemeConfig): EndpointAddress | null {
    if (handler === '') return null
    const address = parseEndpoint(handler)
    if (address === null) {
      const fields = { path: this.#path, theme }
      this.#ports.log.error('a theme has a handler that is no address', fields)
    }
    return address
  }

  /** A node without handlers needs no session: it may leave the memory. */
  #leaveIdle(session: NodeSession): void {
    const isIdle = [...this.#deliveries.values()].every((delivery) => delivery.isIdle)
    if (isIdle && !this.#isWanted) session.leave()
  }

  #endDeliveries(): void {
    for (const delivery of this.#deliveries.values()) delivery.end()
    this.#deliveries.clear()
  }

  #lost(why: SessionEnd): void {
    if (this.#isStopped) return
    if (why === 'left') return void this.seek()
    if (why === 'dropped' || why === 'fenced') return this.#ports.over()
    this.#pause = this.#ports.clock.after(this.#pauses.takeMs(), () => {
      this.#pause = null
      void this.seek()
    })
  }
}
