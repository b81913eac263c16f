/**
 * Random lives of a node, played against the kernel and a plain model side by side: every event, every description, every
 * deadline must agree, through restarts from what was written.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_LIMITS, Kernel, MAX_U64 } from '@tenure/kernel'
import type { Command, Event, SemaphoreDescription } from '@tenure/kernel'
import { Model } from './model.ts'
import { Store } from './store.ts'

const LIMITS = { ...DEFAULT_LIMITS, sessionsMax: 5, semaphoresMax: 3, holdersMax: 8, watchesMax: 4 }
const NAMES = ['a', 'b', 'ab', '']
const STREAMS = 3
const RUNS = Number(process.env['TENURE_PROPERTY_RUNS'] ?? 1_500)

const config = {
  ...{ selfCheckPeriodMs: 0, sessionGracePeriodMs: 0 },
  ...{ readConsistency: 'unset', attachConsistency: 'unset', rateLimiterCounters: 'unset' },
} as const

/** `who` picks an existing session; `astray` sends the command on any stream instead of the session's own. */
type Move =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'restart' }
  | {
      readonly kind: 'command'
      readonly who: number
      readonly astray: boolean
      readonly stream: number
      readonly part: object
    }

const name = fc.constantFrom(...NAMES)
const data = fc.constantFrom('', 'x', 'y').map((text) => new Uint8Array(Buffer.from(text)))
const flag = fc.boolean()
const seldom = fc.nat(9).map((value) => value === 0)
const count = fc.constantFrom(0n, 1n, 1n, 2n, 2n, 3n, 4n, MAX_U64)
const timeoutMs = fc.constantFrom(0n, 0n, 5n, 20n, MAX_U64)

const part = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('create-semaphore'),
      name,
      limit: fc.constantFrom(0n, 1n, 2n, 3n, 4n),
      data,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('update-semaphore'), name, data }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-semaphore'), name, force: flag }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('acquire'),
      name,
      count,
      timeoutMs,
      data,
      ephemeral: seldom,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('acquire'),
      name,
      count,
      timeoutMs,
      data,
      ephemeral: fc.constant(true),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('release'), name }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('describe-semaphore'),
      name,
      owners: flag,
      waiters: flag,
      watchData: flag,
      watchOwners: flag,
      watchAbsent: flag,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('detach') }) },
  {
    weight: 5,
    arbitrary: fc.record({
      ...{ kind: fc.constant('attach'), fresh: flag, description: fc.constantFrom('', 'me') },
      ...{
        timeoutMs: fc.constantFrom(0n, 10n, 30n, 30n, 1_800_000n, 1_800_001n),
        sequenceNumber: fc.constantFrom(0n, 1n, 1n, 2n),
      },
      protectionKey: fc.constantFrom(new Uint8Array(), new Uint8Array([7])),
    }),
  },
)

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 4, 5, 10, 30),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  {
    weight: 24,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      who: fc.nat(5),
      astray: seldom,
      stream: fc.integer({ min: 1, max: STREAMS }),
      part,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{
        kind: fc.constant('command' as const),
        who: fc.constant(0),
        astray: flag,
        stream: fc.constant(1),
      },
      part: fc.constantFrom(
        { kind: 'create-node', config },
        { kind: 'describe-node' },
        { kind: 'create-node', config },
        { kind: 'drop-node' },
      ),
    }),
  },
)

/** A kernel and a model that live the same life. */
class Twins {
  kernel = new Kernel(LIMITS)
  readonly model = new Model(LIMITS)
  readonly #store = new Store()
  /** Owners' tokens seen so far, by name. */
  readonly #granted = new Map<string, bigint[]>()
  #nowMs = 0
  #requests = 0n

  constructor() {
    this.kernel.start(0)
    this.#apply({ kind: 'create-node', stream: 1, requestId: 0n, config })
  }

  play(next: Move): void {
    if (next.kind === 'wait') {
      this.#nowMs += next.ms
      const step = this.kernel.advance(this.#nowMs)
      this.#store.apply([...step.writes, ...this.kernel.seal()])
      this.#compare(step.events, this.model.advance(this.#nowMs))
    } else if (next.kind === 'restart') {
      this.#restart()
    } else {
      this.#apply(this.#commandOf(next))
    }
    this.#audit()
  }

  #commandOf({ who, astray, stream, part }: Extract<Move, { kind: 'command' }>): Command {
    const session = this.model.sessions[who % Math.max(1, this.model.sessions.length)]
    const attaches = 'fresh' in part
    const { fresh, ...rest } = { fresh: false, ...part }
    const own = !attaches && !astray ? session?.stream : null
    const command = { ...rest, stream: own ?? stream, requestId: ++this.#requests }
    return { ...command, session: fresh === true ? 0n : (session?.id ?? 99n) } as unknown as Command
  }

  #apply(command: Command): void {
    const step = this.kernel.apply(command, this.#nowMs)
    this.#store.apply([...step.writes, ...this.kernel.seal()])
    this.#compare(step.events, this.model.apply(command, this.#nowMs))
  }

  #restart(): void {
    this.kernel = new Kernel(LIMITS)
    for (const entry of this.#store.entries()) this.kernel.load(entry)
    this.kernel.start(this.#nowMs)
    this.model.restart()
  }

  #compare(events: readonly Event[], expected: readonly Event[]): void {
    expect(
      events.map((event) => (event.kind === 'refused' ? { ...event, message: '' } : event)),
    ).toEqual(expected)
  }

  /** X2: whoever owns since the last look has a larger token than every owner of this name before. */
  #checkTokens({ name, owners }: SemaphoreDescription): void {
    const granted = this.#granted.get(name) ?? []
    for (const { orderId } of owners) {
      if (granted.includes(orderId)) continue
      expect(granted.every((earlier) => earlier < orderId)).toBe(true)
      granted.push(orderId)
    }
    this.#granted.set(name, granted)
  }

  #audit(): void {
    const { sessions, holders, watches, semaphores } = this.model
    const owners = holders.filter(({ owns }) => owns).length
    expect(this.kernel.statistics()).toEqual({
      ...{
        exists: this.model.config !== null,
        sessions: sessions.length,
        semaphores: semaphores.length,
      },
      ...{ attachedSessions: sessions.filter(({ stream }) => stream !== null).length },
      ...{ owners, waiters: holders.length - owners, watches: watches.length },
    })
    expect(this.kernel.nextDeadlineMs()).toBe(this.model.next()?.due ?? Infinity)
    const attached = sessions.find(({ stream }) => stream !== null)
    if (attached === undefined || attached.stream === null) return
    for (const name of NAMES) {
      const command = {
        ...{
          kind: 'describe-semaphore',
          stream: attached.stream,
          requestId: 0n,
          session: attached.id,
          name,
        },
        ...{
          owners: true,
          waiters: true,
          watchData: false,
          watchOwners: false,
          watchAbsent: false,
        },
      } as const
      const { events, writes } = this.kernel.apply(command, this.#nowMs)
      expect(writes).toEqual([])
      this.#compare(events, this.model.apply(command, this.#nowMs))
      const [answer] = events
      if (answer?.kind !== 'semaphore-described' || answer.description === null) continue
      checkExclusion(answer.description)
      this.#checkTokens(answer.description)
    }
  }
}

function checkExclusion({ owners, waiters, held, limit }: SemaphoreDescription): void {
  expect(owners.reduce((sum, owner) => sum + owner.count, 0n)).toBe(held)
  expect(held).toBeLessThanOrEqual(limit)
  const [first] = waiters
  if (first !== undefined) expect(first.count).toBeGreaterThan(limit - held)
  const orders = [...owners, ...waiters].map(({ orderId }) => orderId)
  expect(orders).toEqual([...new Set(orders)].sort((left, right) => (left < right ? -1 : 1)))
}

// guards: X1, X2, X3, X4, X5, S1, S3, D2, W1
test('any life of a node agrees with a plain model of it, through restarts', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60, size: 'max' }), (moves) => {
      const twins = new Twins()
      for (const next of moves) twins.play(next)
    }),
    { numRuns: RUNS },
  )
})
