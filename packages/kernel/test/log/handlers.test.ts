/**
 * Handlers: as many tasks as there are free places, each with all its records, again until it is deleted.
 *
 * guards: J2, J3, J5
 */
import { expect, test } from 'vitest'
import type { Step } from '@tenure/kernel'
import {
  LogNode,
  THEMES,
  append,
  drop,
  handle,
  open,
  read,
  remove,
  replace,
  requeue,
  stopHandling,
  store,
  take,
  theme,
} from './log-node.ts'

function withTasks(tasks: number, terms: object = {}, sessions = 4): LogNode {
  const node = new LogNode({}, sessions)
  node.ask(theme(7, { delaySeconds: 0, ...terms }))
  for (let count = 0; count < tasks; count++) {
    const [opened = ''] = node.ask(open(7))
    node.ask(store(opened.replace('opened ', '')))
  }
  return node
}

// holds: S2-13
test('a handler is handed as many tasks as it takes, and the next one when it has finished one', () => {
  const node = withTasks(4)
  expect(node.ask(handle(7, 2), 2n)).toEqual(['done', 'to 2: 1.1#1 r1 []', 'to 2: 1.3#1 r1 []'])
  expect(node.ask(remove('1.3#1'), 2n)).toEqual(['done', 'to 2: 1.5#1 r1 []'])
  expect(node.ask(store('1.1#1', 60), 2n)).toEqual(['done', 'to 2: 1.7#1 r1 []'])
  expect(node.ask(THEMES)).toEqual(['t7: 2 active, 1 stored, 0 dead, 2 out, 1 handlers'])
})

// holds: S2-13
test('a theme lets so many tasks out at once, whoever handles them, and a greater number takes effect at once', () => {
  const node = withTasks(5, { concurrency: 2 })
  expect(node.ask(handle(7, 1), 2n)).toEqual(['done', 'to 2: 1.1#1 r1 []'])
  expect(node.ask(handle(7, 5), 3n)).toEqual(['done', 'to 3: 1.3#1 r1 []'])
  expect(node.ask(theme(7, { delaySeconds: 0, concurrency: 3 }))).toEqual([
    'done',
    'to 3: 1.5#1 r1 []',
  ])
  node.ask(theme(7, { delaySeconds: 0, concurrency: 1 }))
  expect(node.ask(remove('1.5#1'), 3n)).toEqual(['done'])
  expect(node.ask(remove('1.3#1'), 3n)).toEqual(['done'])
  expect(node.ask(remove('1.1#1'), 2n)).toEqual(['done', 'to 3: 1.7#1 r1 []'])
})

// holds: S2-13
test('free places are filled in turn, those of one handler and those of several', () => {
  const node = withTasks(0)
  node.ask(handle(7, 2), 2n)
  node.ask(handle(7, 2), 3n)
  const first = node.asked
  node.ask(handle(7, 2), 4n)
  for (let task = 0; task < 6; task++) node.put(open(7))
  node.settle()
  const heard = Array.from({ length: 6 }, (_, task) => node.ask(store(`1.${task + 1}`)))
  expect(heard.flat().filter((word) => word !== 'done')).toEqual([
    'to 2: 1.1#1 r1 []',
    'to 3: 1.2#1 r1 []',
    'to 4: 1.3#1 r1 []',
    'to 2: 1.4#1 r1 []',
    'to 3: 1.5#1 r1 []',
    'to 4: 1.6#1 r1 []',
  ])
  expect(first).toBeGreaterThan(0n)
})

// holds: S2-13
test('a theme without a free place, or with nobody at all, holds up no other theme', () => {
  const node = withTasks(3)
  node.ask(theme(8, { delaySeconds: 0 }))
  node.ask(theme(9, { delaySeconds: 0 }))
  node.ask(handle(7, 1), 2n)
  node.ask(handle(8), 2n)
  const [nine = ''] = node.ask(open(9))
  node.ask(store(nine.slice(7)))
  const [eight = ''] = node.ask(open(8))
  expect(node.ask(store(eight.slice(7)))).toEqual(['done', `to 2: ${eight.slice(7)}#1 r1 []`])
})

// holds: S2-13
test('one step hands out so many, and the others without time passing; no theme waits for all of another', () => {
  const limits = { tasksPerStepMax: 2 }
  const node = new LogNode(limits)
  node.ask(theme(7, { delaySeconds: 0 }))
  node.ask(theme(8, { delaySeconds: 0 }))
  for (let task = 0; task < 7; task++) node.put(open(7))
  node.put(open(8))
  node.settle()
  for (let task = 1; task <= 8; task++) node.ask(store(`1.${task}`))
  node.put(handle(7), 2n)
  node.put(handle(8), 2n)
  const heard = node.settle().filter((word) => word.startsWith('to'))
  expect(heard).toHaveLength(8)
  expect(heard.indexOf('to 2: 1.8#1 r1 []')).toBeLessThan(5)
  expect(node.nowMs).toBe(0)
})

/** Which tasks a step hands out. */
function handedOut({ events }: Step): unknown[] {
  return events.flatMap((event) => (event.kind === 'task-handed-out' ? [event.task.index] : []))
}

// holds: S2-13
test('a place that becomes free, and a task that becomes due, find each other in one step', () => {
  const node = withTasks(6, { concurrency: 2 })
  for (const session of [2n, 3n, 4n, 1n]) node.ask(handle(7, 1), session)
  expect(handedOut(node.put(remove('1.1#1'), 2n))).toEqual([5n])
  expect(handedOut(node.put(store('1.3#1', 60), 3n))).toEqual([7n])
  expect(handedOut(node.detach(4n))).toEqual([9n])
  expect(handedOut(node.put(theme(7, { delaySeconds: 0, concurrency: 3 })))).toEqual([11n])
  node.settle()
})

// holds: S2-14
test('a hand-out brings all records in order, and who got it drives the task as its opener did', () => {
  const node = new LogNode()
  node.ask(theme(7, { delaySeconds: 0 }))
  node.ask(open(7, 'a'))
  node.ask(append('1.1', 'b'))
  node.ask(replace('1.1', 'c'))
  node.ask(append('1.1', ''))
  node.ask(append('1.1', 'e'))
  node.ask(store('1.1'))
  expect(node.ask(handle(7), 2n)).toEqual(['done', 'to 2: 1.1#1 r1 [c  e]'])
  expect(node.ask(append('1.1#1', 'f'), 2n)).toEqual(['done'])
  expect(node.ask(store('1.1#1'), 2n)).toEqual(['done', 'to 2: 1.1#2 r2 [c  e f]'])
  expect(node.ask(replace('1.1#2', 'g'), 2n)).toEqual(['done'])
  expect(node.ask(store('1.1#2'), 2n)).toEqual(['done', 'to 2: 1.1#3 r3 [g]'])
  expect(node.ask(remove('1.1#3'), 2n)).toEqual(['done'])
  expect(node.store.kinds).toEqual({ '0x1': 1, '0x2': 1, '0x10': 2, '0x50': 1 })
})

// holds: S2-14
test('of a large task a hand-out brings the first page, and the others are read', () => {
  const node = new LogNode({ taskPageRecordsMax: 3, taskPageBytesMax: 60 })
  node.ask(theme(7, { delaySeconds: 0 }))
  node.ask(open(7, '0'))
  for (const record of '1234567') node.ask(append('1.1', record))
  node.ask(store('1.1'))
  expect(node.ask(handle(7), 2n)).toEqual(['done', 'to 2: 1.1#1 r1 [0 1 2]…'])
  expect(node.ask(read('1.1#1', 3), 2n)).toEqual(['records [3 4 5]…'])
  expect(node.ask(read('1.1#1', 6), 2n)).toEqual(['records [6 7]'])
  const large = 'x'.repeat(50)
  node.ask(replace('1.1#1', large), 2n)
  node.ask(append('1.1#1', large), 2n)
  expect(node.ask(read('1.1#1', 0), 2n)).toEqual([`records [${large}]…`])
  expect(node.ask(read('1.1#1', 1), 2n)).toEqual([`records [${large}]`])
})

// holds: S2-15
test('every store of a handler counts one more repeat', () => {
  const node = withTasks(1)
  expect(node.ask(handle(7), 2n)).toEqual(['done', 'to 2: 1.1#1 r1 []'])
  for (let repeat = 2; repeat < 10; repeat++) {
    expect(node.ask(store(`1.1#${repeat - 1}`, 0, 'not yet'), 2n)).toEqual([
      'done',
      `to 2: 1.1#${repeat} r${repeat} []`,
    ])
  }
})

test('after a handler has stopped nothing is handed to it, and it still drives what it has', () => {
  const node = withTasks(2)
  node.put(handle(7, 1), 2n)
  const handling = node.asked
  node.settle()
  expect(node.ask(stopHandling(handling), 2n)).toEqual(['done'])
  expect(node.ask(append('1.1#1', 'x'), 2n)).toEqual(['done'])
  expect(node.ask(remove('1.1#1'), 2n)).toEqual(['done'])
  expect(node.ask(THEMES)).toEqual(['t7: 0 active, 1 stored, 0 dead, 0 out, 0 handlers'])
  expect(node.ask(stopHandling(handling), 2n)).toEqual(['done'])
  expect(node.ask(stopHandling(99n), 2n)).toEqual(['done'])
})

test('a stop in the same commit as the hand-out comes after it', () => {
  const node = withTasks(1)
  node.put(handle(7), 2n)
  const handling = node.asked
  node.put(stopHandling(handling), 2n)
  node.put(requeue('1.99'))
  expect(node.settle()).toEqual(['done', 'to 2: 1.1#1 r1 []', 'done', 'NOT_FOUND'])
})

test('a handler of no task at all, or twice under one number, is refused', () => {
  const node = withTasks(0)
  for (const concurrency of [0, -1, 1.5]) {
    expect(node.ask(handle(7, concurrency), 2n)).toEqual(['INVALID_ARGUMENT'])
  }
  const command = node.addressed(handle(7), 2n)
  node.apply(command)
  node.apply(command)
  expect(node.settle()).toEqual(['done', 'PRECONDITION_FAILED'])
  expect(node.ask(THEMES)).toEqual(['t7: 0 active, 0 stored, 0 dead, 0 out, 1 handlers'])
})

test('one session may handle several themes, and one theme several times', () => {
  const node = withTasks(0)
  node.ask(theme(8, { delaySeconds: 0 }))
  node.ask(handle(7, 1), 2n)
  node.ask(handle(7, 1), 2n)
  node.ask(handle(8, 1), 2n)
  for (const number of [7, 7, 7, 8]) node.put(open(number))
  node.settle()
  const heard = ['1.1', '1.2', '1.3', '1.4'].flatMap((name) => node.ask(store(name)))
  expect(heard.filter((word) => word !== 'done')).toEqual([
    'to 2: 1.1#1 r1 []',
    'to 2: 1.2#1 r1 []',
    'to 2: 1.4#1 r1 []',
  ])
})

test('a task that was taken needs no free place, and leaves none', () => {
  const node = withTasks(2, { concurrency: 1 })
  node.ask(theme(7, { delaySeconds: 3_600, concurrency: 1 }))
  node.ask(handle(7, 1), 2n)
  expect(node.ask(take('1.3'), 3n)).toEqual(['to 3: 1.3#1 r1 []'])
  expect(node.ask(THEMES)).toEqual(['t7: 2 active, 0 stored, 0 dead, 1 out, 1 handlers'])
  expect(node.ask(store('1.3#1'), 3n)).toEqual(['done'])
  expect(node.ask(drop('1.3'))).toEqual(['done'])
})
