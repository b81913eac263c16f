/**
 * Long histories of many clients: right ones pass quickly, and a semaphore with a fault is found out.
 *
 * guards: L1, L2, X1, X2, X3, X5, S2
 */
import {
  check,
  closeAtFirstRead,
  explain,
  type Operation,
  type RegisterInput,
  registerModel,
  type RegisterOutput,
  registerWriting,
  semaphoreModel,
  semaphoreOperations,
  type Verdict,
} from '@tenure/checker'
import { expect, test } from 'vitest'
import { type Fault, play, type Scene } from './desk.ts'
import { Random, SEED } from './random.ts'

const SCENE: Scene = { clients: 4, operations: 80, limit: 3n, fault: 'none', lossPeriod: 15 }
const LARGE: Scene = { ...SCENE, clients: 8, operations: 5_000, lossPeriod: 0 }
/** A search that hardly ever goes back takes a few steps for each operation. */
const STEPS_MAX = 200_000
/** Each fault shows in one of so many histories. */
const HISTORIES = 40

function judge(scene: Scene, seed: number): Verdict {
  const history = semaphoreOperations(play(scene, new Random(seed)))
  return check(semaphoreModel(scene.limit), history, { stepsMax: STEPS_MAX })
}

/** What is measured is for people: how long a check takes depends on who else uses the machine. */
function timed<T>(what: string, run: () => T): T {
  const since = performance.now()
  const result = run()
  const seconds = ((performance.now() - since) / 1_000).toFixed(2)
  process.stdout.write(`${what}: ${seconds} s\n`)
  return result
}

test('what a right semaphore did is always possible', () => {
  for (let seed = SEED; seed < SEED + 5 * HISTORIES; seed += 1) {
    expect({ seed, said: explain(judge(SCENE, seed)) }).toEqual({ seed, said: 'linearizable' })
  }
})

const faults: readonly Fault[] = [
  'overtakes',
  'overcommits',
  'repeats-tokens',
  'hesitates',
  'forgets-releases',
  'keeps-the-dead',
  'never-gives-up',
]

test.for(faults)('a semaphore is found out that %s', (fault) => {
  const verdicts = Array.from(
    { length: HISTORIES },
    (_, at) => judge({ ...SCENE, fault }, SEED + at).kind,
  )
  expect({ seed: SEED, verdicts }).toMatchObject({
    verdicts: expect.arrayContaining(['violation']),
  })
})

test('five thousand operations of eight clients on one semaphore are judged in a few steps each', () => {
  const history = semaphoreOperations(play(LARGE, new Random(SEED)))
  const verdict = timed(`a semaphore, ${LARGE.operations} operations`, () =>
    check(semaphoreModel(LARGE.limit), history, { stepsMax: STEPS_MAX }),
  )
  expect({ seed: SEED, said: explain(verdict) }).toEqual({ seed: SEED, said: 'linearizable' })
})

type Step = Operation<RegisterInput, RegisterOutput>

/** Clients that read and write one register; some answers are lost. */
function useRegister(operations: number, random: Random): Step[] {
  const history: Step[] = [
    {
      actor: 'client 0',
      input: { kind: 'create', data: 'first', limit: 1n },
      output: { kind: 'done' },
      calledAt: -2,
      returnedAt: -1,
    },
  ]
  const freeAt = Array.from({ length: LARGE.clients }, () => 0)
  let data = 'first'
  for (let instant = 1; history.length < operations; instant += 1) {
    const client = random.below(LARGE.clients)
    const calledAt = instant - random.below(LARGE.clients)
    if ((freeAt[client] ?? 0) > calledAt) continue
    const isLost = random.onceIn(30)
    const returnedAt = isLost ? Infinity : instant + random.below(LARGE.clients) + 0.5
    freeAt[client] = isLost ? instant : returnedAt
    const when = { actor: `client ${client}`, calledAt, returnedAt }
    if (random.onceIn(2)) {
      const output: RegisterOutput = { kind: 'described', data, limit: 1n }
      history.push({ ...when, input: { kind: 'describe' }, output: isLost ? null : output })
    } else {
      const written = `value ${instant}`
      if (!isLost || random.onceIn(2)) data = written
      const input: RegisterInput = { kind: 'update', data: written }
      history.push({ ...when, input, output: isLost ? null : { kind: 'done' } })
    }
  }
  return history
}

test('five thousand operations of eight clients on one register are judged in a few steps each', () => {
  const history = closeAtFirstRead(useRegister(LARGE.operations, new Random(SEED)), registerWriting)
  const verdict = timed(`a register, ${LARGE.operations} operations`, () =>
    check(registerModel, history, { stepsMax: STEPS_MAX }),
  )
  expect({ seed: SEED, said: explain(verdict) }).toEqual({ seed: SEED, said: 'linearizable' })
})

// All orders of what was open together must be tried, at every place: that takes far more steps than to find one that is right.
test('one stale read after a thousand operations is found', () => {
  const operations = 1_000
  const history = useRegister(operations, new Random(SEED))
  const input: RegisterInput = { kind: 'describe' }
  const output: RegisterOutput = { kind: 'described', data: 'first', limit: 1n }
  const late = Math.max(...history.map(({ calledAt }) => calledAt)) + LARGE.clients * 2
  const stale = { actor: 'client 9', input, output, calledAt: late, returnedAt: late + 1 }
  const verdict = timed(`a violation after ${operations} operations on a register`, () =>
    check(registerModel, closeAtFirstRead([...history, stale], registerWriting)),
  )
  expect({ seed: SEED, kind: verdict.kind }).toEqual({ seed: SEED, kind: 'violation' })
})
