/** A node and the plain model of it, living the same life of records; they must not be told apart. */
import { deepStrictEqual } from 'node:assert/strict'
import { array, boolean, constantFrom, nat, oneof, property, record } from 'fast-check'
import type { Arbitrary, IProperty } from 'fast-check'
import { Kernel } from '@tenure/kernel'
import type { Step } from '@tenure/kernel'
import { NOTHING } from '../node.ts'
import {
  Desk,
  cas,
  comparing,
  create,
  deleting,
  grant,
  keep,
  put,
  putting,
  range,
  release,
  remove,
  transact,
  waitFor,
} from './desk.ts'
import type { Question, Said } from './desk.ts'
import { Model, TIMEOUT_MS, inWords } from './model.ts'

const WRITES = ['create', 'put', 'cas', 'remove', 'transact', 'grant', 'release'] as const
const OTHERS = ['wait', 'keep', 'again', 'hold', 'read on', 'detach', 'stop', 'restart'] as const

interface Move {
  readonly kind: (typeof WRITES)[number] | (typeof OTHERS)[number] | 'pass'
  /** Which of the sessions, keys and leases. */
  readonly who: number
  readonly key: number
  readonly lease: number
  /** The version that is there, not another one; a lease, not none; kept, not running. */
  readonly right: boolean
  readonly isLong: boolean
  readonly ms: number
}

const move: Arbitrary<Move> = record({
  kind: oneof(
    { weight: 6, arbitrary: constantFrom(...WRITES) },
    { weight: 3, arbitrary: constantFrom(...OTHERS) },
    { weight: 1, arbitrary: constantFrom('pass' as const) },
  ),
  who: nat(2),
  key: nat(3),
  lease: nat(2),
  right: boolean(),
  isLong: boolean(),
  ms: constantFrom(1, 99, 100, 999, 1_000, 11_000),
})

const KEYS = ['a', 'a\0', 'b', '\xff'] as const

/** Values that may leave the memory, one of which has room in it. */
const LONG = 'x'.repeat(70)
const LIMITS = { valueMemoryBytesMax: 100 }

/** A move, and what it picks. */
interface About {
  readonly next: Move
  readonly session: bigint
  readonly key: string
  readonly version: bigint
  readonly lease: bigint
  readonly value: string
}

interface Held {
  readonly session: bigint
  readonly version: bigint
  readonly first: string
  readonly words: readonly string[]
}

class Life {
  readonly #desk = new Desk(LIMITS, 0)
  readonly #model = new Model()
  #sessions = 0n
  #serial = 0n
  /** The latest numbered question of each session, and its answer. */
  readonly #latest = new Map<bigint, { question: Question; answer: unknown }>()
  #held: Held[] = []

  readonly #acts: Readonly<Record<Exclude<Move['kind'], 'pass'>, (about: About) => void>> = {
    create: ({ next, session, key, value, lease: id }) => {
      const lease = next.right ? id : 0n
      const expected = this.#model.write(key, value, { version: 0n, lease })
      this.#numbered(expected, create(key, value, { lease }), session)
    },
    put: ({ next, session, key, value, lease: id }) => {
      const lease = next.right ? id : next.isLong ? 0n : null
      const expected = this.#model.write(key, value, { version: null, lease })
      this.#numbered(expected, put(key, value, { lease }), session)
    },
    cas: ({ session, key, value, version }) => {
      const expected = this.#model.write(key, value, { version })
      this.#numbered(expected, cas(key, value, version), session)
    },
    remove: ({ session, key, version }) => {
      const expected = this.#model.write(key, null, { version })
      this.#numbered(expected, remove(key, version), session)
    },
    transact: ({ next, version, session }) => this.#transact(next.key, version, session),
    wait: ({ session, key, version }) =>
      this.#same(this.#model.wait(session, key, version), waitFor(key, version), session),
    grant: ({ next, session }) => {
      const ttlMs = next.isLong ? 1_000 : 100
      const expected = this.#model.grant(session, ttlMs, next.right)
      this.#numbered(expected, grant(BigInt(ttlMs), next.right), session)
    },
    keep: ({ session, lease }) =>
      this.#same(this.#model.keep(session, lease), keep(lease), session),
    release: ({ session, lease }) =>
      this.#numbered(this.#model.release(session, lease), release(lease), session),
    again: ({ session }) => this.#again(session),
    hold: ({ session }) => this.#hold(session),
    'read on': ({ session }) => this.#readOn(session),
    detach: ({ session }) => this.#detach(session),
    stop: ({ session }) => this.#stop(session),
    restart: () => this.#restart(),
  }

  constructor() {
    this.#desk.node.keeps = false
    for (let guest = 0; guest < 3; guest++) this.#attach(++this.#sessions)
  }

  /** @throws AssertionError when they differ */
  play(next: Move): void {
    if (next.kind === 'pass') this.#pass(next.ms)
    else this.#acts[next.kind](this.#about(next, this.#guest(next.who)))
    this.#audit()
  }

  /** The session of one who is there, and attached; a new one when there is none. */
  #guest(who: number): bigint {
    const guest = this.#model.guests[who]
    const session = guest?.id ?? ++this.#sessions
    if (guest?.isAttached !== true) this.#attach(session)
    return session
  }

  #about(next: Move, session: bigint): About {
    const { records, leases } = this.#model
    const key = KEYS[next.key] ?? 'a'
    const { version = 1n } = next.right ? (records.get(key) ?? {}) : {}
    const lease = leases[next.lease]?.id ?? 99_999n
    const value = next.isLong ? LONG : 'short'
    return { next, session, key, version, lease, value }
  }

  #transact(at: number, version: bigint, session: bigint): void {
    const [key = 'a', one = 'a', other = 'a'] = [0, 1, 2].map((step) => KEYS[(at + step) % 4])
    const held = [putting(one, 'then'), deleting(other)]
    const failed = [putting(one, 'else'), deleting(other)]
    const question = transact([comparing(key, '==', version)], { held, failed })
    this.#numbered(this.#model.transact([key, one, other], version), question, session)
  }

  #numbered(expected: Said, question: Question, session: bigint): void {
    const serial = ++this.#serial
    const numbered = { ...question, change: { serial, settledBelow: serial } }
    this.#same(expected, numbered, session)
    const [answer] = expected
    const isDone = Array.isArray(answer) && /^[a-z]/.test(String(answer[0]))
    if (isDone) this.#latest.set(session, { question: numbered, answer })
  }

  /** A change that was done is answered as it was then, and not done again. */
  #again(session: bigint): void {
    const latest = this.#latest.get(session)
    if (latest !== undefined) this.#same([latest.answer], latest.question, session)
  }

  #hold(session: bigint): void {
    const words = inWords(this.#model.records)
    const version = this.#model.commit
    const [first, ...rest] = words
    const more = rest.length > 0 ? ['more'] : []
    const page = ['listed', first === undefined ? [] : [first], version, ...more]
    this.#same([page], range('', null, { limit: 1, hold: true }), session)
    if (first === undefined || rest.length === 0) return
    this.#held.push({ session, version, first: first.slice(0, first.indexOf('=')), words: rest })
  }

  /** What is left of a moment; unless a long value of it has left the memory, and is not what is stored any more. */
  #readOn(session: bigint): void {
    const held = this.#held.find((one) => one.session === session)
    if (held === undefined) return
    this.#held = this.#held.filter((one) => one !== held)
    const { version, first, words } = held
    const said = this.#ask(range('', null, { after: first, atVersion: version }), session)
    const present = inWords(this.#model.records)
    const isTorn = words.some((one) => one.includes(LONG) && !present.includes(one))
    if (isTorn && String(said[0]) === 'ABORTED') return
    deepStrictEqual(said, [['listed', words, version]])
  }

  #detach(session: bigint): void {
    this.#forget(session)
    this.#model.detach(session)
    const { kernel } = this.#desk.node
    this.#keep(kernel.apply({ kind: 'detach', stream: Number(session), session }, this.#now))
  }

  #stop(session: bigint): void {
    this.#forget(session)
    const command = { kind: 'stop', stream: Number(session), session, requestId: 0n } as const
    const said = this.#keep(this.#desk.node.kernel.apply(command, this.#now))
    deepStrictEqual(sorted(said), sorted([...this.#model.stop(session), ['stopped']]))
  }

  #attach(session: bigint): void {
    this.#forget(session)
    const isNew = this.#model.find(session) === undefined
    const about = { description: '', sequenceNumber: 0n, protectionKey: NOTHING }
    const timeoutMs = BigInt(TIMEOUT_MS)
    const asked = { stream: Number(session), requestId: 0n, session: isNew ? 0n : session }
    this.#keep(
      this.#desk.node.kernel.apply({ kind: 'attach', ...asked, timeoutMs, ...about }, this.#now),
    )
    this.#model.attach(session)
  }

  #forget(session: bigint): void {
    this.#held = this.#held.filter((one) => one.session !== session)
  }

  #pass(ms: number): void {
    this.#desk.node.nowMs += ms
    const said = this.#keep(this.#desk.node.kernel.advance(this.#now))
    deepStrictEqual(sorted(said), sorted(this.#model.advance(ms)))
  }

  #restart(): void {
    this.#desk.node.restart()
    this.#model.restart()
    this.#held = []
  }

  get #now(): number {
    return this.#desk.node.nowMs
  }

  #same(expected: Said, question: Question, session: bigint): void {
    deepStrictEqual(sorted(this.#ask(question, session)), sorted(expected))
  }

  #ask(question: Question, session: bigint): Said {
    return this.#keep(this.#desk.step(question, session))
  }

  /** Write by write, as if each were a commit of its own: whatever comes last can be loaded. */
  #keep(step: Step): Said {
    const { node } = this.#desk
    const said = step.events.map((event) => this.#desk.inWords(event))
    node.store.apply(node.kernel.seal())
    for (const write of step.writes) {
      node.store.apply([write])
      const kernel = new Kernel(LIMITS)
      for (const entry of node.store.entries()) kernel.load(entry)
      kernel.start(this.#now)
    }
    node.kernel.durableThrough(node.kernel.commitNumber)
    return said
  }

  #audit(): void {
    const { kernel } = this.#desk.node
    const { records, leases, guests, commit } = this.#model
    const { sessions, records: recordsThere, recordLeases } = kernel.statistics()
    deepStrictEqual(
      [kernel.commitNumber, sessions, recordsThere, recordLeases],
      [commit, guests.length, records.size, leases.length],
    )
    const reader = guests.find(({ isAttached }) => isAttached)
    if (reader === undefined) return
    deepStrictEqual(this.#ask(range(''), reader.id), [['listed', inWords(records), commit]])
  }
}

/** In an order that does not depend on who heard first. */
function sorted(said: Said): string[] {
  return said
    .map((each) =>
      JSON.stringify(each, (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      ),
    )
    .sort()
}

const moves = array(move, { maxLength: 60, size: 'max' })

export const agreement: IProperty<unknown> = property(moves, (all) => {
  const life = new Life()
  for (const each of all) life.play(each)
})
