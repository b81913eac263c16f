/**
 * A call in which the server brings a task: a fake stream, so that outcomes and breaks come when the test wants.
 *
 * holds: S2-14, S2-15, S2-18
 * guards: J2, J3, J5
 */
import { create } from '@tenure/protocol'
import {
  type DialerMessage,
  DialerMessageSchema,
  type HandlerMessage,
} from '@tenure/protocol/tenure-v1'
import { expect, test } from 'vitest'
import { TaskLostError, TaskTooLargeError } from '../../src/errors.ts'
import type { HandOut, TaskHandler } from '../../src/pipe/hand-out.ts'
import { HandlerCall } from '../../src/pipe/handler-call.ts'
import { FakeClock } from '../fake-clock.ts'
import { fixedRandom, isFulfilled, settled } from '../fake-link.ts'
import { bytes, rejectionOf, texts } from './fake-pipe.ts'

const TASK = { term: 3n, index: 5n }
/** As `code.ts` of the protocol has them. */
const TASK_TOO_LARGE = 21
const UNAVAILABLE = 15
const INTERNAL = 16

class Brought {
  readonly said: HandlerMessage[] = []
  /** How this side has ended the call. */
  end: string | null = null
  readonly clock = new FakeClock()
  readonly call: HandlerCall

  constructor(handler: TaskHandler) {
    this.call = new HandlerCall({
      stream: {
        write: (message) => void this.said.push(message),
        end: () => {
          this.end = 'ended'
        },
        fail: (kind, why) => {
          this.end = `${kind}: ${why}`
        },
      },
      clock: this.clock,
      random: fixedRandom(1),
      handlerOf: (theme) => (theme === 7 ? handler : undefined),
    })
  }

  bring(records: readonly string[], given: { more?: boolean; theme?: number } = {}): void {
    const value = { task: TASK, theme: 7, path: '/local/a', attempt: 4, repeats: 2, ...given }
    this.#hear({
      case: 'handOut',
      value: { ...value, records: records.map((each) => bytes(each)) },
    })
  }

  outcome(number: number, code?: number): void {
    const refusal = code === undefined ? {} : { code, message: 'says the test' }
    this.#hear({ case: 'outcome', value: { number: BigInt(number), ...refusal } })
  }

  get operations(): (string | undefined)[] {
    return this.said.map(({ number, operation }) => `${number} ${operation.case}`)
  }

  #hear(
    message: NonNullable<Parameters<typeof create<typeof DialerMessageSchema>>[1]>['message'],
  ): void {
    const said: DialerMessage = create(
      DialerMessageSchema,
      message === undefined ? {} : { message },
    )
    this.call.hear(said)
  }
}

test('S2-14, J5: the handler is called with all records once they have been told', async () => {
  const seen: HandOut[] = []
  const brought = new Brought((handOut) => void seen.push(handOut))
  brought.bring(['a', 'b'], { more: true })
  await settled()
  expect(seen).toHaveLength(0)
  brought.bring(['c'])
  await settled()
  expect(seen).toMatchObject([{ path: '/local/a', theme: 7, attempt: 4, repeats: 2 }])
  expect(texts(seen[0]?.records ?? [])).toEqual(['a', 'b', 'c'])
  expect(brought.operations).toEqual(['1 delete'])
  expect(brought.end).toBeNull()
  brought.outcome(1)
  await brought.call.done
  expect(brought.end).toBe('ended')
})

test('operations are numbered in the order of the calls, and outcomes are told to their own', async () => {
  const failures: Promise<unknown>[] = []
  const brought = new Brought(async ({ task }) => {
    failures.push(rejectionOf(task.append('big')))
    await Promise.all([task.replace('x'), task.append('y')])
    await task.store(30)
  })
  brought.bring([])
  await settled()
  expect(brought.operations).toEqual(['1 append', '2 replace', '3 append'])
  brought.outcome(3)
  brought.outcome(1, TASK_TOO_LARGE)
  brought.outcome(2)
  await settled()
  expect(await failures[0]).toBeInstanceOf(TaskTooLargeError)
  expect(brought.said.at(-1)?.operation).toMatchObject({
    case: 'store',
    value: { delaySeconds: 30, failure: '' },
  })
  brought.outcome(4)
  await brought.call.done
  expect(brought.end).toBe('ended')
})

test('S2-15: a task whose handler throws is stored with the text of the error', async () => {
  const brought = new Brought(() => Promise.reject(new Error('no')))
  brought.bring([])
  await settled()
  expect(brought.said[0]?.operation).toMatchObject({
    case: 'store',
    value: { delaySeconds: 0, failure: 'Error: no' },
  })
})

test('a task of a theme that nobody handles is given back by an error', async () => {
  const brought = new Brought(() => {})
  brought.bring([], { theme: 8 })
  await brought.call.done
  expect(brought.end).toBe('unknown-theme: nobody handles theme 8 here')
  expect(brought.said).toHaveLength(0)
})

test('J3: with its call a task is lost', async () => {
  const ends: unknown[] = []
  const brought = new Brought(async ({ task }, signal) => {
    const failure = await rejectionOf(task.append('x'))
    ends.push(failure, signal.reason, await rejectionOf(task.delete()))
  })
  brought.bring([])
  await settled()
  brought.call.over('the server has cancelled the call')
  brought.call.over('the call has ended')
  await brought.call.done
  expect(ends).toHaveLength(3)
  for (const end of ends) expect(end).toBeInstanceOf(TaskLostError)
  expect(ends[0]).toMatchObject({ message: expect.stringMatching(/outcome is unknown/) })
  expect(ends[2]).toMatchObject({ message: expect.stringMatching(/not driven here any more/) })
  expect(brought.operations).toEqual(['1 append'])
  expect(brought.end).toBeNull()
})

test('a call that ends before all records were told calls nobody', async () => {
  let calls = 0
  const brought = new Brought(() => {
    calls += 1
  })
  brought.bring(['a'], { more: true })
  brought.call.over('the call has ended')
  await brought.call.done
  expect(calls).toBe(0)
})

test('an end that cannot be committed is tried again; one that is refused for good ends the call by an error', async () => {
  const brought = new Brought(() => {})
  brought.bring([])
  await settled()
  brought.outcome(1, UNAVAILABLE)
  await settled()
  brought.clock.advance(2_000)
  await settled()
  expect(brought.operations).toEqual(['1 delete', '2 delete'])
  brought.outcome(2, INTERNAL)
  await settled()
  expect(brought.operations).toEqual(['1 delete', '2 delete', '3 store'])
  brought.outcome(3, 1)
  await brought.call.done
  expect(brought.end).toBe('unfinished: the task could not be ended')
})

test('what a later server says is passed over', async () => {
  const brought = new Brought(() => {})
  brought.call.hear(create(DialerMessageSchema, {}))
  brought.outcome(99)
  brought.bring([])
  await settled()
  brought.outcome(1)
  expect(await isFulfilled(brought.call.done)).toBe(true)
})
