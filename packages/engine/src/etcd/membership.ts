/**
 * Which servers use the store: a key for each, on a lease that the server keeps alive.
 *
 * etcd counts leases in whole seconds and grants none below one and a half times its election timeout, which are 2 s by default. After a
 * change of its leader every lease has its full time again.
 */
import type { Announcement, Membership, OwnerInfo } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { delay } from '../clock.ts'
import type { ClusterClient } from './cluster-client.ts'
import { failureOf, told } from './failure.ts'
import { type Layout, serverText } from './layout.ts'
import { LEASE_GRANT, LEASE_KEEP_ALIVE, LEASE_REVOKE, TXN } from './methods.ts'
import { put } from './operation.ts'
import { watchServers } from './server-watch.ts'

/** Keep-alives in the time of one lease, so that two may be lost. */
const KEEP_ALIVES_PER_LEASE = 4
const RETRY_MS = 500

export class EtcdMembership implements Membership {
  readonly #client: ClusterClient
  readonly #layout: Layout

  constructor(client: ClusterClient, layout: Layout) {
    this.#client = client
    this.#layout = layout
  }

  async join(member: OwnerInfo, noticeMs: number): Promise<Announcement> {
    this.#client.closed.throwIfAborted()
    if (!(noticeMs > 0)) throw new RangeError(`noticeMs must be greater than 0, got ${noticeMs}`)
    const announced = new Announced(this.#client, this.#layout.server(member.id), {
      text: serverText(member),
      ttlSeconds: Math.ceil(noticeMs / 1000),
    })
    await announced.begin()
    return announced
  }

  watch(signal: AbortSignal): AsyncIterable<readonly OwnerInfo[]> {
    return watchServers(this.#client, this.#layout.servers, signal)
  }
}

interface Notice {
  readonly text: Uint8Array
  readonly ttlSeconds: number
}

class Announced implements Announcement {
  readonly #client: ClusterClient
  readonly #key: Uint8Array
  readonly #notice: Notice
  readonly #leaving = new AbortController()
  readonly #ended: AbortSignal
  #lease = 0n
  #ttlSeconds: number
  #keeping: Promise<void> = Promise.resolve()

  constructor(client: ClusterClient, key: Uint8Array, notice: Notice) {
    this.#client = client
    this.#key = key
    this.#notice = notice
    this.#ttlSeconds = notice.ttlSeconds
    this.#ended = AbortSignal.any([this.#leaving.signal, client.closed])
  }

  /** Resolves after the first attempt, however it went: the next one follows. */
  async begin(): Promise<void> {
    const isAnnounced = await this.#announce()
    this.#keeping = this.#keep(isAnnounced)
  }

  async leave(): Promise<void> {
    this.#leaving.abort()
    await this.#keeping
    if (this.#lease === 0n) return
    const id = this.#lease
    this.#lease = 0n
    // Without an answer the lease runs out by itself, as after a death.
    await told(this.#client.call(LEASE_REVOKE, { id })).catch(ignoreEngineError)
  }

  async #keep(isAnnounced: boolean): Promise<void> {
    let isWell = isAnnounced
    while (!this.#ended.aborted) {
      const pauseMs = isWell ? (this.#ttlSeconds * 1000) / KEEP_ALIVES_PER_LEASE : RETRY_MS
      await delay(pauseMs, this.#ended, { hold: false })
      if (this.#ended.aborted) return
      isWell = (await this.#refresh()) || (await this.#announce())
    }
  }

  /** @returns false when the lease is gone */
  async #refresh(): Promise<boolean> {
    if (this.#lease === 0n) return false
    try {
      const { message } = await this.#client.ask(LEASE_KEEP_ALIVE, { id: this.#lease })
      return message.ttl > 0n
    } catch (error) {
      ignoreEngineError(failureOf(error))
      return false
    }
  }

  /** @returns false when it has to be tried again */
  async #announce(): Promise<boolean> {
    try {
      const grant = { ttl: BigInt(this.#notice.ttlSeconds) }
      const { id, ttl } = await told(this.#client.call(LEASE_GRANT, grant))
      this.#lease = id
      this.#ttlSeconds = Math.max(1, Number(ttl))
      const success = [put(this.#key, this.#notice.text, id)]
      await told(this.#client.call(TXN, { success }))
      return true
    } catch (error) {
      ignoreEngineError(error)
      return false
    }
  }
}

/** What etcd cannot do now is tried again later. */
function ignoreEngineError(error: unknown): void {
  if (!(error instanceof EngineError)) throw error
}
