/** What a random tiny history of each model is made from. */
import {
  type Holder,
  type Holding,
  type LogInput,
  type LogOutput,
  type LogState,
  logModel,
  type Model,
  type RecordInput,
  recordModel,
  type RecordOutput,
  type RecordState,
  type RegisterInput,
  registerModel,
  type RegisterOutput,
  type RegisterState,
  type SemaphoreInput,
  semaphoreModel,
  type SemaphoreOutput,
  type SemaphoreState,
} from '@tenure/checker'
import type { Random } from './random.ts'

export interface World<S, I, O> {
  readonly model: Model<S, I, O>
  input(random: Random): I
  /** Answers that somebody might give, right or wrong. */
  outputs(input: I, state: S): O[]
}

const DATA = ['x', 'y']
const TOKENS = [null, 1n, 2n, 3n, 4n, 5n]
const VERSIONS = [1n, 2n, 3n, 4n, 5n]
const RECORDS = [[], ['x'], ['y'], ['x', 'x'], ['x', 'y'], ['y', 'x']]

export const registerWorld: World<RegisterState, RegisterInput, RegisterOutput> = {
  model: registerModel,
  input: (random) => {
    const data = random.of(DATA)
    return random.of<RegisterInput>([
      { kind: 'create', data, limit: 1n },
      { kind: 'update', data },
      { kind: 'delete' },
      { kind: 'describe' },
      { kind: 'describe' },
    ])
  },
  outputs: ({ kind }) => [
    { kind: 'refused', code: 'NOT_FOUND' },
    { kind: 'refused', code: 'ALREADY_EXISTS' },
    ...(kind === 'describe'
      ? DATA.map((data): RegisterOutput => ({ kind: 'described', data, limit: 1n }))
      : [{ kind: 'done' } as const]),
  ],
}

export const semaphoreWorld: World<SemaphoreState, SemaphoreInput, SemaphoreOutput> = {
  model: semaphoreModel(2n),
  input: (random) => {
    const session = random.of([1n, 2n, 3n])
    const count = random.of([1n, 1n, 2n])
    return random.of<SemaphoreInput>([
      { kind: 'enqueue', session, count, once: false },
      { kind: 'enqueue', session, count, once: random.onceIn(2) },
      { kind: 'granted', session },
      { kind: 'give-up', session },
      { kind: 'release', session },
      { kind: 'expire', session },
      { kind: 'describe' },
    ])
  },
  outputs: ({ kind }, { owners, waiters }) => {
    if (kind === 'describe') {
      const right = { owners: holdings(owners), waiters: holdings(waiters) }
      const sights = [right, { ...right, waiters: null }, { owners: [], waiters: right.waiters }]
      return sights.map((sight) => ({ kind: 'described', ...sight }))
    }
    if (kind === 'release') {
      return [null, true, false].map((released) => ({ kind: 'released', released }))
    }
    if (kind !== 'enqueue') return TOKENS.map((token) => ({ kind: 'done', token }))
    return [
      { kind: 'missed' },
      { kind: 'not-acquired' },
      { kind: 'refused' },
      ...TOKENS.flatMap((token): SemaphoreOutput[] => [
        { kind: 'granted', token },
        { kind: 'queued', token },
        { kind: 'entered', token },
      ]),
    ]
  },
}

function holdings(holders: readonly Holder[]): Holding[] {
  return holders.map(({ session, count, token }) => ({ session, count, token: token.least }))
}

export const recordWorld: World<RecordState, RecordInput, RecordOutput> = {
  model: recordModel,
  input: (random) => {
    const value = random.of(DATA)
    const version = random.of(VERSIONS)
    const lease = random.of([null, 7n])
    return random.of<RecordInput>([
      { kind: 'put', value, lease },
      { kind: 'create', value, lease },
      { kind: 'cas', value, version },
      { kind: 'delete', version: random.of([null, version]) },
      { kind: 'get' },
      { kind: 'get' },
      { kind: 'expire', lease: 7n },
    ])
  },
  outputs: ({ kind }) => {
    const records = VERSIONS.flatMap((version) => DATA.map((value) => ({ value, version })))
    const shown = kind === 'get' ? 'found' : kind === 'create' ? 'exists' : 'wrong-version'
    return [
      { kind: 'not-found' },
      { kind: 'done' },
      { kind: shown, record: null },
      ...VERSIONS.map((version): RecordOutput => ({ kind: 'written', version })),
      ...records.map((record): RecordOutput => ({ kind: shown, record })),
    ]
  },
}

export const logWorld: World<LogState, LogInput, LogOutput> = {
  model: logModel,
  input: (random) => {
    const attempt = random.of([0, 0, 1, 2])
    const record = random.of(DATA)
    return random.of<LogInput>([
      { kind: 'open', record: random.of([null, record]) },
      { kind: 'append', attempt, record },
      { kind: 'append', attempt, record },
      { kind: 'replace', attempt, record },
      { kind: 'delete', attempt },
      { kind: 'store', attempt },
      { kind: 'lose', attempt },
      { kind: 'hand-out' },
      { kind: 'drop' },
      { kind: 'read' },
    ])
  },
  outputs: ({ kind }) => {
    if (kind === 'read') return [null, ...RECORDS].map((records) => ({ kind, records }))
    if (kind !== 'hand-out') return [{ kind: 'done' }, { kind: 'stale' }, { kind: 'closed' }]
    return [1, 2].flatMap((attempt) =>
      RECORDS.map((records): LogOutput => ({ kind: 'handed-out', attempt, records })),
    )
  },
}

/** A model with chance in it: a toss comes down either way, and a look shows which. */
export const coinWorld: World<string, 'toss' | 'look', string> = {
  model: {
    initial: 'heads',
    step: (state, input, output) => {
      if (input === 'toss') return ['heads', 'tails']
      return output === null || output === state ? [state] : []
    },
    keyOf: (state) => state,
    describe: (input, output) => `${input} -> ${output}`,
  },
  input: (random) => random.of(['toss', 'look', 'look']),
  outputs: (input) => (input === 'toss' ? ['tossed'] : ['heads', 'tails']),
}
