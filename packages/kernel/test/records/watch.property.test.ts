/**
 * A client that watches, forgets nothing it has heard, and comes back after every break with the version that it has.
 *
 * guards: W1, W3, K1, K4
 */
import {
  array,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  property,
  record,
} from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { deepStrictEqual, ok } from 'node:assert/strict'
import type { Event, Limits } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { counterexample } from '../../../../test/property.ts'
import { Desk, bytes, grant, put, release, remove } from './desk.ts'
import { commit, keyText, watch } from './watching.ts'

const START = 'b'
const END = 'e'
const KEYS = ['a', 'b', 'b\0', 'c', 'd', 'd~', 'e']

/** The writer is session 1, the watcher session 2. */
const WATCHER = 2n

type Records = ReadonlyMap<string, bigint>

/** Keys and their versions, as a watcher knows them. */
class Watcher {
  readonly #desk: Desk
  records = new Map<string, bigint>()
  version = 0n
  resets = 0
  #isWaiting = false

  constructor(desk: Desk) {
    this.#desk = desk
  }

  get isWaiting(): boolean {
    return this.#isWaiting
  }

  /** Asks on from where it stands. @returns what it has heard */
  ask(): readonly Event[] {
    this.#isWaiting = true
    return this.#desk.tell(watch(START, END, this.version), WATCHER)
  }

  hear(events: readonly Event[]): void {
    for (const event of events) {
      if (event.kind !== 'records-changed') continue
      ok(this.#isWaiting, 'an answer to no question')
      this.#isWaiting = false
      ok(event.version >= this.version, 'a version goes back')
      if (event.reset) {
        deepStrictEqual(event.changes, [])
        this.resets += 1
        this.read()
        continue
      }
      ok(event.changes.length > 0, 'an answer without a change')
      let last = this.version + 1n
      for (const change of event.changes) {
        const isPut = change.kind === 'put'
        const { version, key } = isPut ? change.record : change
        ok(version >= last, 'a version goes back')
        last = version
        if (isPut) this.records.set(keyText(key), version)
        else this.records.delete(keyText(key))
      }
      ok(event.version >= last, 'a version goes back')
      this.version = event.version
    }
  }

  /** Reads the range anew, page by page of one moment. */
  read(): void {
    this.records = new Map()
    let page = { after: null as string | null, atVersion: 0n }
    for (let more = true; more;) {
      const question = {
        kind: 'range-records',
        start: bytes(START),
        end: bytes(END),
        limit: 0,
      } as const
      const after = page.after === null ? null : bytes(page.after)
      const terms = { after, hold: true, atVersion: page.atVersion }
      const [listed] = this.#desk.tell({ ...question, ...terms }, WATCHER)
      if (listed?.kind !== 'records-listed') throw new Error(`no page: ${listed?.kind}`)
      for (const { key, version } of listed.records) this.records.set(keyText(key), version)
      more = listed.more
      const last = listed.records.at(-1)
      page = { after: last === undefined ? null : keyText(last.key), atVersion: listed.version }
    }
    ok(page.atVersion >= this.version, 'a version goes back')
    this.version = page.atVersion
  }

  leave(): void {
    this.#isWaiting = false
  }
}

const key = constantFrom(...KEYS)
const move = oneof(
  { weight: 4, arbitrary: record({ kind: constant('put' as const), key, leased: boolean() }) },
  { weight: 2, arbitrary: record({ kind: constant('remove' as const), key }) },
  {
    weight: 3,
    arbitrary: record({
      kind: constant('transact' as const),
      keys: array(key, { maxLength: 5 }),
      puts: boolean(),
    }),
  },
  { weight: 1, arbitrary: record({ kind: constant('lease' as const) }) },
  { weight: 4, arbitrary: record({ kind: constant('ask' as const) }) },
  { weight: 1, arbitrary: record({ kind: constant('break' as const) }) },
  { weight: 1, arbitrary: record({ kind: constant('restart' as const) }) },
)
type Move = typeof move extends Arbitrary<infer T> ? T : never
type Change = Exclude<Move, { readonly kind: 'ask' | 'break' | 'restart' }>

const limits = record({
  historyChangesMax: integer({ min: 0, max: 20 }),
  historyBytesMax: integer({ min: 0, max: 100 }),
  rangeRecordsMax: integer({ min: 1, max: 6 }),
  rangeBytesMax: integer({ min: 1, max: 40 }),
})

class Play {
  readonly desk: Desk
  readonly watcher: Watcher
  /** What was stored in the range after each commit. */
  readonly #moments = new Map<bigint, Records>()
  #lease = 0n

  constructor(given: Partial<Limits>) {
    this.desk = new Desk(given)
    this.watcher = new Watcher(this.desk)
    this.#remember()
  }

  do(move: Move): void {
    const { desk, watcher } = this
    const { node } = desk
    if (move.kind === 'ask') {
      if (!watcher.isWaiting) watcher.hear(watcher.ask())
    } else if (move.kind === 'break') {
      node.detach(WATCHER)
      node.attach(WATCHER)
      watcher.leave()
    } else if (move.kind === 'restart') {
      node.restart()
      node.attach(1n)
      node.attach(WATCHER)
      watcher.leave()
    } else {
      this.#write(move)
    }
    deepStrictEqual(watcher.records, this.#moments.get(watcher.version))
  }

  /** Asks until there is nothing more to hear. */
  catchUp(): void {
    for (let asked = 0; !this.watcher.isWaiting; asked++) {
      ok(asked < 1_000, 'there is always more to hear')
      this.watcher.hear(this.watcher.ask())
    }
  }

  stored(): Records {
    const stored = new Map<string, bigint>()
    for (const key of KEYS) {
      const [read] = this.desk.tell({ kind: 'get-record', key: bytes(key) })
      if (key < START || key >= END || read?.kind !== 'record-read' || read.record === null)
        continue
      stored.set(key, read.record.version)
    }
    return stored
  }

  #write(move: Change): void {
    const events = this.#changeBy(move)
    this.#remember()
    this.watcher.hear(events)
  }

  #changeBy(move: Change): readonly Event[] {
    const { desk } = this
    if (move.kind === 'put') {
      return desk.tell(put(move.key, 'value', move.leased ? { lease: this.#lease } : {}))
    }
    if (move.kind === 'remove') return desk.tell(remove(move.key))
    if (move.kind === 'lease') return this.#renewLease()
    const keys = [...new Set(move.keys)]
    return desk.tell(
      commit(
        keys.map((one, at) => (move.puts || at === 0 ? one : `-${one}`)),
        'v',
      ),
    )
  }

  /** Ends the lease, so that all its records go at once; the next time, makes one. */
  #renewLease(): readonly Event[] {
    const lease = this.#lease
    this.#lease = 0n
    if (lease > 0n) return this.desk.tell(release(lease))
    const events = this.desk.tell(grant(1_000_000n))
    for (const event of events) if (event.kind === 'lease-granted') this.#lease = event.lease
    return events
  }

  #remember(): void {
    this.#moments.set(this.desk.node.kernel.commitNumber, this.stored())
  }
}

test('whoever watches on from the last version that it has heard knows what is stored, at every version', async () => {
  let resets = 0
  let heard = 0
  const keepsUp = property(limits, array(move, { maxLength: 60, size: 'max' }), (given, moves) => {
    const play = new Play(given)
    for (const one of moves) play.do(one)
    play.catchUp()
    expect(play.watcher.records).toEqual(play.stored())
    resets += play.watcher.resets
    heard += play.watcher.version > 0n ? 1 : 0
  })
  expect(await counterexample(keepsUp, 400)).toBeUndefined()
  expect(resets).toBeGreaterThan(10)
  expect(heard).toBeGreaterThan(10)
})
