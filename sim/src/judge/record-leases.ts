/**
 * When record leases may end: not before their time (K3), and not before the program that believes in them is told (X7).
 */
import type { RecordLease } from '@tenure/client'
import type { Process } from '../machine/process.ts'
import type { StoredLease } from './archive.ts'
import type { Ground, Verdicts } from './ground.ts'
import type { Sessions } from './sessions.ts'

interface Believer {
  readonly process: Process
  readonly id: bigint
  readonly signal: AbortSignal
}

/** After a pause timers fire a little later. */
const AWAKE_MS = 20

export class RecordLeases {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #sessions: Sessions
  readonly #believers = new Map<bigint, Believer>()
  readonly #grantedMs = new Map<bigint, number>()
  /** Somebody has asked that they end. */
  readonly #releasing = new Set<bigint>()
  readonly #ended = new Set<bigint>()
  readonly #awakeMs = new Map<Process, number>()

  constructor(ground: Ground, verdicts: Verdicts, sessions: Sessions) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#sessions = sessions
  }

  /** A program has a lease that its client keeps, and believes in it as long as its signal says so. */
  held(process: Process, lease: RecordLease): void {
    const { id, signal } = lease
    const forget = (): void => void this.#believers.delete(id)
    this.#believers.set(id, { process, id, signal })
    signal.addEventListener('abort', forget, { once: true })
    process.onCrash(forget)
    if (!this.#awakeMs.has(process)) {
      this.#awakeMs.set(process, 0)
      process.onResume(() => this.#awakeMs.set(process, this.#ground.schedule.nowMs))
    }
  }

  /** A server has answered that it made the lease, which was asked for then. */
  granted(id: bigint, askedMs: number): void {
    this.#grantedMs.set(id, askedMs)
  }

  releasing(id: bigint): void {
    this.#releasing.add(id)
  }

  /** A program looks at its lease, after whatever pause. */
  looked(process: Process, lease: RecordLease): void {
    const isOver = this.#ended.has(lease.id) && !this.#releasing.has(lease.id)
    if (isOver && !lease.signal.aborted) this.#violate(process, lease.id)
  }

  /** The end of a lease was stored. */
  ended(host: Process, id: bigint, lease: StoredLease): void {
    this.#ended.add(id)
    if (this.#releasing.has(id)) return
    const keptBy = lease.keeper
    if (keptBy !== 0n && this.#sessions.isEnding(keptBy)) return
    this.#ground.marks.reached(
      keptBy === 0n ? 'a lease runs out' : 'a kept lease ends without its client',
    )
    this.#judgeTime(host, id, lease)
    this.#judgeBelief(id)
  }

  #judgeTime(host: Process, id: bigint, { keeper, ttlMs, storedMs }: StoredLease): void {
    const askedMs = this.#grantedMs.get(id)
    const early =
      keeper === 0n
        ? this.#sessions.earlyEnd(host, { askedMs: askedMs ?? -Infinity, storedMs, ttlMs })
        : this.#sessions.earlyEndOf(host, keeper, ttlMs)
    if (early === null) return
    const problem = `record lease ${id} of ${ttlMs} ms, kept by session ${keeper}, ended ${early}`
    this.#verdicts.violate('K3', problem)
  }

  #judgeBelief(id: bigint): void {
    const believer = this.#believers.get(id)
    if (believer === undefined) return
    const { process, signal } = believer
    const wokeMs = this.#ground.schedule.nowMs - (this.#awakeMs.get(process) ?? 0)
    if (process.paused || wokeMs < AWAKE_MS || signal.aborted) return
    this.#violate(process, id)
  }

  #violate(process: Process, id: bigint): void {
    this.#verdicts.violate('X7', `${process.name} believes in record lease ${id}, and it has ended`)
  }
}
