/** Records as a plain map, leases as a plain list, and what follows from each question: slow, and plain to see. */
import type { Said } from './desk.ts'

interface Kept {
  readonly value: string
  readonly version: bigint
  readonly created: bigint
  readonly lease: bigint
}

/** What runs out: a session or a lease. */
interface Due {
  /** Infinity: not at all. */
  at: number
  /** Of those due at once the one that was set first is first. */
  order: number
}

interface Lease extends Due {
  readonly id: bigint
  readonly ttlMs: number
  keeper: bigint | null
}

interface Guest extends Due {
  readonly id: bigint
  isAttached: boolean
}

export const TIMEOUT_MS = 1_000
const GRACE_MS = 10_000

/** How the records of a map are said. */
export function inWords(records: ReadonlyMap<string, Kept>): string[] {
  const keys = [...records.keys()].sort()
  return keys.flatMap((key) => words(key, records.get(key)) ?? [])
}

function words(key: string, kept: Kept | undefined): string | null {
  return kept === undefined
    ? null
    : `${key}=${kept.value} v${kept.version} c${kept.created} l${kept.lease}`
}

export class Model {
  readonly records = new Map<string, Kept>()
  leases: Lease[] = []
  guests: Guest[] = []
  commit = 0n
  #nowMs = 0
  #order = 0
  #waits: { readonly session: bigint; readonly key: string }[] = []
  #heard: Said[number][] = []

  find(session: bigint): Guest | undefined {
    return this.guests.find(({ id }) => id === session)
  }

  attach(session: bigint): void {
    const guest = this.find(session) ?? { id: session, isAttached: true, at: Infinity, order: 0 }
    if (!this.guests.includes(guest)) this.guests.push(guest)
    this.leave(session)
    guest.isAttached = true
    guest.at = Infinity
    for (const lease of this.leases) if (lease.keeper === session) lease.at = Infinity
  }

  leave(session: bigint): void {
    this.#waits = this.#waits.filter((one) => one.session !== session)
  }

  detach(session: bigint): void {
    this.leave(session)
    for (const lease of this.leases) if (lease.keeper === session) this.#run(lease, lease.ttlMs)
    const guest = this.find(session)
    if (guest === undefined) return
    guest.isAttached = false
    this.#run(guest, TIMEOUT_MS)
  }

  stop(session: bigint): Said {
    this.leave(session)
    for (const lease of this.leases.filter(({ keeper }) => keeper === session)) this.#end(lease)
    this.guests = this.guests.filter(({ id }) => id !== session)
    return this.#hear()
  }

  restart(): void {
    this.#waits = []
    for (const guest of this.guests) {
      guest.isAttached = false
      this.#run(guest, TIMEOUT_MS + GRACE_MS)
    }
    for (const lease of this.leases) this.#run(lease, lease.ttlMs + GRACE_MS)
  }

  advance(ms: number): Said {
    this.#nowMs += ms
    for (;;) {
      const all = [...this.guests, ...this.leases].filter(({ at }) => at <= this.#nowMs)
      const [first] = all.sort((left, right) => left.at - right.at || left.order - right.order)
      if (first === undefined) return this.#hear()
      if ('ttlMs' in first) this.#end(first)
      else {
        this.guests = this.guests.filter((one) => one !== first)
        for (const lease of this.leases) if (lease.keeper === first.id) lease.keeper = null
      }
    }
  }

  /** @param version what the record must have; null for any, 0 for none. @param value null: a deletion */
  write(
    key: string,
    value: string | null,
    terms: { version: bigint | null; lease?: bigint | null },
  ): Said {
    const kept = this.records.get(key)
    const refused = refusalOf(words(key, kept), { ...terms, found: kept?.version ?? 0n, value })
    if (refused !== null) return [refused]
    const { lease = null } = terms
    if (lease !== null && lease !== 0n && this.leases.every(({ id }) => id !== lease)) {
      return [['WRONG_LEASE']]
    }
    this.commit += 1n
    this.#set(key, value, lease)
    return [[value === null ? 'deleted' : 'written', this.commit], ...this.#hear()]
  }

  /** If the first key has this version, puts the second and deletes the third, else the other way round. */
  transact([key, one, other]: readonly [string, string, string], version: bigint): Said {
    const succeeded = (this.records.get(key)?.version ?? 0n) === version
    this.commit += 1n
    this.#set(one, succeeded ? 'then' : 'else', null)
    if (this.records.has(other)) this.#set(other, null, null)
    return [['transacted', succeeded, this.commit], ...this.#hear()]
  }

  wait(session: bigint, key: string, version: bigint): Said {
    const kept = this.records.get(key)
    if (kept === undefined) return [['NOT_FOUND']]
    if (kept.version !== version) return [['read', words(key, kept)]]
    this.#waits.push({ session, key })
    return []
  }

  grant(session: bigint, ttlMs: number, keepAlive: boolean): Said {
    this.commit += 1n
    const lease: Lease = { id: this.commit, ttlMs, keeper: null, at: Infinity, order: 0 }
    this.leases.push(lease)
    if (keepAlive) lease.keeper = session
    else this.#run(lease, ttlMs)
    return [['granted', lease.id, BigInt(ttlMs)]]
  }

  keep(session: bigint, id: bigint): Said {
    const lease = this.leases.find((one) => one.id === id)
    if (lease === undefined) return [['WRONG_LEASE']]
    if (lease.keeper !== session) this.commit += 1n
    lease.keeper = session
    lease.at = Infinity
    return [['done']]
  }

  release(session: bigint, id: bigint): Said {
    const lease = this.leases.find((one) => one.id === id)
    if (lease === undefined) return [['WRONG_LEASE']]
    const { keeper } = lease
    const isTold = keeper !== null && keeper !== session && this.find(keeper)?.isAttached === true
    this.#end(lease)
    return [['done'], ...(isTold ? [['lease ended', keeper, id]] : []), ...this.#hear()]
  }

  #set(key: string, value: string | null, lease: bigint | null): void {
    const kept = this.records.get(key)
    const next = value !== null && {
      value,
      version: this.commit,
      created: kept?.created ?? this.commit,
      lease: lease ?? kept?.lease ?? 0n,
    }
    if (next) this.records.set(key, next)
    else this.records.delete(key)
    const waits = this.#waits.filter((one) => one.key === key)
    this.#heard.push(...waits.map(() => ['read', words(key, next || undefined)]))
    this.#waits = this.#waits.filter((one) => one.key !== key)
  }

  #end(lease: Lease): void {
    this.commit += 1n
    this.leases = this.leases.filter((one) => one !== lease)
    for (const [key, kept] of this.records) if (kept.lease === lease.id) this.#set(key, null, null)
  }

  #run(due: Due, ms: number): void {
    due.at = this.#nowMs + ms
    due.order = ++this.#order
  }

  #hear(): Said {
    const heard = this.#heard
    this.#heard = []
    return heard
  }
}

function refusalOf(
  there: string | null,
  terms: { found: bigint; version: bigint | null; value: string | null },
): Said | null {
  const { found, version, value } = terms
  if (version === 0n) return there === null ? null : ['ALREADY_EXISTS', there]
  const mustBe = version !== null || value === null
  if (there === null) return mustBe ? ['NOT_FOUND'] : null
  return version === null || version === found ? null : ['WRONG_VERSION', there]
}
