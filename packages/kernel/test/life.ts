/** Random lives of a node: what comes next, with the odds that make the interesting things happen often. */
import {
  boolean,
  commands,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
  stringify,
} from 'fast-check'
import type { Arbitrary, Command } from 'fast-check'
import { MAX_U64 } from '@tenure/kernel'
import { CONFIG } from './node.ts'

/** `who` picks one of the sessions there are; `astray` sends the command on `stream` instead of the session's own. */
export interface CommandMove {
  readonly kind: 'command'
  readonly who: number
  readonly astray: boolean
  readonly stream: number
  /**
   * A command without its stream, session and request id; an attach says whether it is `fresh`, and a forget `which` of the watches it
   * takes back.
   */
  readonly part: { readonly kind: string }
}

export type Move =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'restart' }
  /** Watches that stand are shown what has changed. */
  | { readonly kind: 'show' }
  | CommandMove

/** Persistent ones as a rule, and names that lie close together as keys. */
export const PERSISTENT_NAMES: readonly string[] = ['a', 'ab']
const EPHEMERAL_NAMES: readonly string[] = ['e']
export const NAMES: readonly string[] = [...PERSISTENT_NAMES, ...EPHEMERAL_NAMES]

const STREAMS = 4
const PEOPLE = 5

const name = constantFrom(...NAMES)
const data = constantFrom(new Uint8Array(), new Uint8Array([1]), new Uint8Array([2]))
const flag = boolean()
const seldom = nat(9).map((value) => value === 0)
const count = constantFrom(0n, 1n, 1n, 1n, 1n, 2n, 2n, 2n, 3n, 3n, 4n, MAX_U64)
const timeoutMs = constantFrom(0n, 0n, 5n, 20n, 20n, MAX_U64, MAX_U64, MAX_U64)

const creation = record({
  kind: constant('create-semaphore'),
  name,
  limit: constantFrom(0n, 1n, 2n, 3n, 3n, 4n),
  data,
})
const description = record({
  kind: constant('describe-semaphore'),
  name,
  owners: flag,
  waiters: flag,
  watchData: flag,
  watchOwners: flag,
  watchAbsent: flag,
  watchStands: flag,
})
const persistentAcquire = record({
  kind: constant('acquire'),
  name: constantFrom(...PERSISTENT_NAMES),
  count,
  timeoutMs,
  data,
  ephemeral: seldom,
  createLimit: constantFrom(undefined, undefined, undefined, undefined, 0n, 2n, 3n, 3n),
})
const ephemeralAcquire = record({
  kind: constant('acquire'),
  name: constantFrom(...EPHEMERAL_NAMES),
  count,
  timeoutMs,
  data,
  ephemeral: seldom.map((value) => !value),
})
const attachment = record({
  kind: constant('attach'),
  fresh: flag,
  description: constantFrom('', 'me'),
  timeoutMs: constantFrom(0n, 10n, 30n, 1_000n, 1_000n, 1_000n, 1_800_000n, 1_800_001n),
  sequenceNumber: constantFrom(0n, 1n, 1n, 1n, 2n),
  protectionKey: constantFrom(new Uint8Array(), new Uint8Array(), new Uint8Array([7])),
})

const inSession = oneof(
  { weight: 2, arbitrary: creation },
  { weight: 2, arbitrary: record({ kind: constant('update-semaphore'), name, data }) },
  { weight: 1, arbitrary: record({ kind: constant('delete-semaphore'), name, force: flag }) },
  { weight: 16, arbitrary: persistentAcquire },
  { weight: 6, arbitrary: ephemeralAcquire },
  { weight: 6, arbitrary: record({ kind: constant('release'), name }) },
  { weight: 6, arbitrary: description },
  { weight: 1, arbitrary: record({ kind: constant('forget'), which: nat(PEOPLE) }) },
  { weight: 1, arbitrary: record({ kind: constant('stop') }) },
  { weight: 2, arbitrary: record({ kind: constant('detach') }) },
  { weight: 6, arbitrary: attachment },
)

const config = record({
  selfCheckPeriodMs: constantFrom(0, 0, 1, 700, 20_000),
  sessionGracePeriodMs: constantFrom(0, 1, 3_000, 3_000, 40_000),
  readConsistency: constantFrom('unset', 'strict', 'relaxed'),
  attachConsistency: constantFrom('unset', 'strict', 'relaxed'),
  rateLimiterCounters: constantFrom('unset', 'detailed'),
})

const onNode = oneof(
  constantFrom({ kind: 'create-node', config: CONFIG }, { kind: 'describe-node' }),
  record({ kind: constant('alter-node'), config }),
  constant({ kind: 'drop-node' }),
)

function command(part: Arbitrary<{ readonly kind: string }>): Arbitrary<CommandMove> {
  const stream = integer({ min: 1, max: STREAMS })
  return record({ kind: constant('command'), who: nat(PEOPLE), astray: seldom, stream, part })
}

const ms = constantFrom(0, 1, 4, 5, 10, 30, 30, 1_000, 3_000, 10_000)

const move: Arbitrary<Move> = oneof(
  { weight: 12, arbitrary: record({ kind: constant('wait'), ms }) },
  { weight: 4, arbitrary: record({ kind: constant('restart') }) },
  { weight: 30, arbitrary: record({ kind: constant('show') }) },
  { weight: 120, arbitrary: command(inSession) },
  { weight: 2, arbitrary: command(onNode) },
)

/** Whoever lives a life: takes its moves one by one. */
export interface Living {
  play(move: Move): void
}

class Played implements Command<object, Living> {
  readonly #move: Move

  constructor(move: Move) {
    this.#move = move
  }

  check(): boolean {
    return true
  }

  run(_model: object, living: Living): void {
    living.play(this.#move)
  }

  toString(): string {
    return stringify(this.#move)
  }
}

const MOVES_MAX = 120

export const life: Arbitrary<Iterable<Command<object, Living>>> = commands(
  [move.map((each) => new Played(each))],
  { maxCommands: MOVES_MAX, size: 'max' },
)
