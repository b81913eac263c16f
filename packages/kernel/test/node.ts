/** A kernel with a node in it, and short ways to talk to it. */
import { Kernel, MAX_U64 } from '@tenure/kernel'
import type { Acquire, Event, Limits, NodeConfig, Step } from '@tenure/kernel'
import { Store } from './store.ts'

export const CONFIG: NodeConfig = {
  selfCheckPeriodMs: 0,
  sessionGracePeriodMs: 0,
  readConsistency: 'unset',
  attachConsistency: 'unset',
  rateLimiterCounters: 'unset',
}

export const NOTHING: Uint8Array = new Uint8Array(0)

export class TestNode {
  kernel: Kernel
  readonly store: Store = new Store()
  nowMs = 0
  /** False: writes are left to the test, and the counters unsealed. */
  keeps = true
  readonly #limits: Partial<Limits>

  constructor(limits: Partial<Limits> = {}) {
    this.#limits = limits
    this.kernel = new Kernel(limits)
    this.kernel.start(0)
    this.keep(
      this.kernel.apply({ kind: 'create-node', stream: 1, requestId: 0n, config: CONFIG }, 0),
    )
  }

  /** Starts a session on the stream of the same number. */
  attach(session = 0n, timeoutMs = 10_000n): Step {
    const about = { description: 'me', sequenceNumber: 0n, protectionKey: NOTHING }
    const stream = Number(session || BigInt(this.kernel.statistics().sessions + 1))
    return this.keep(
      this.kernel.apply(
        { kind: 'attach', stream, requestId: 1n, session, timeoutMs, ...about },
        this.nowMs,
      ),
    )
  }

  create(name: string, limit: bigint): Step {
    const asked = { stream: 1, requestId: 2n, session: 1n }
    return this.keep(
      this.kernel.apply(
        { kind: 'create-semaphore', ...asked, name, limit, data: NOTHING },
        this.nowMs,
      ),
    )
  }

  acquire(session: bigint, name: string, terms: Partial<Acquire> = {}): Step {
    const asked = { stream: Number(session), requestId: 3n, session, name }
    const absent = { count: 1n, timeoutMs: MAX_U64, data: NOTHING, ephemeral: false }
    return this.keep(
      this.kernel.apply({ kind: 'acquire', ...asked, ...absent, ...terms }, this.nowMs),
    )
  }

  release(session: bigint, name: string): Step {
    const asked = { stream: Number(session), requestId: 4n, session, name }
    return this.keep(this.kernel.apply({ kind: 'release', ...asked }, this.nowMs))
  }

  detach(session: bigint): Step {
    return this.keep(
      this.kernel.apply({ kind: 'detach', stream: Number(session), session }, this.nowMs),
    )
  }

  advance(byMs: number): Step {
    this.nowMs += byMs
    return this.keep(this.kernel.advance(this.nowMs))
  }

  restart(): void {
    this.kernel = new Kernel(this.#limits)
    for (const entry of this.store.entries()) this.kernel.load(entry)
    this.kernel.start(this.nowMs)
  }

  keep(step: Step): Step {
    if (this.keeps) this.store.apply([...step.writes, ...this.kernel.seal()])
    return step
  }
}

export function kinds(step: { readonly events: readonly Event[] }): string[] {
  return step.events.map(({ kind }) => kind)
}
