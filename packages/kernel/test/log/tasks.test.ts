/**
 * A task and whoever drives it: opened, written, finished or stored, and nothing after that.
 *
 * guards: J1, J5, J6
 */
import { expect, test } from 'vitest'
import {
  LogNode,
  THEMES,
  append,
  handle,
  list,
  open,
  read,
  remove,
  replace,
  show,
  store,
  theme,
} from './log-node.ts'

function withTheme(terms: object = {}, limits: object = {}): LogNode {
  const node = new LogNode(limits)
  expect(node.ask(theme(7, terms))).toEqual(['done'])
  return node
}

// holds: S2-02, S2-03, S2-08
test('a task is opened with or without a first record, under the number of the commit that opens it', () => {
  const node = withTheme()
  expect(node.ask(open(7))).toEqual(['opened 1.1'])
  expect(node.ask(open(7, 'first'))).toEqual(['opened 1.2'])
  expect(node.kernel.commitNumber).toBe(2n)
  expect(node.ask(show('1.1'))).toEqual(['1.1#0 active t7 r0 0×0B by 1 c1 []'])
  expect(node.ask(show('1.2'))).toEqual(['1.2#0 active t7 r0 1×5B by 1 c2 [first]'])
})

// holds: S2-04
test('appended records are kept in order, each in a commit of its own', () => {
  const node = withTheme()
  node.ask(open(7, 'a'))
  expect(node.ask(append('1.1', 'b'))).toEqual(['done'])
  expect(node.ask(append('1.1', ''))).toEqual(['done'])
  expect(node.ask(append('1.1', 'd'))).toEqual(['done'])
  expect(node.ask(read('1.1', 0))).toEqual(['records [a b  d]'])
  expect(node.ask(read('1.1', 3))).toEqual(['records [d]'])
  expect(node.ask(read('1.1', 4))).toEqual(['records []'])
  expect(node.ask(read('1.1', 4_294_967_295))).toEqual(['records []'])
  expect(node.ask(show('1.1', 1))).toEqual(['1.1#0 active t7 r0 4×3B by 1 c4 [b  d]'])
})

// holds: S2-05
test('a replace drops what was collected and keeps the one new record', () => {
  const node = withTheme()
  node.ask(open(7, 'a'))
  for (const record of 'bcdefghijklm') node.ask(append('1.1', record))
  expect(node.ask(replace('1.1', 'new'))).toEqual(['done'])
  expect(node.ask(read('1.1', 0))).toEqual(['records [new]'])
  expect(node.ask(append('1.1', 'more'))).toEqual(['done'])
  expect(node.ask(replace('1.1', 'last'))).toEqual(['done'])
  expect(node.ask(append('1.1', 'x'))).toEqual(['done'])
  expect(node.ask(show('1.1'))).toEqual(['1.1#0 active t7 r0 2×5B by 1 c17 [last x]'])
  expect(node.store.kinds).toMatchObject({ '0x53': 2 })
})

// holds: S2-06
test('a deleted task leaves nothing behind, and its index never comes back', () => {
  const node = withTheme()
  const before = node.store.kinds
  node.ask(open(7, 'a'))
  for (const record of 'bcdefghijklm') node.ask(append('1.1', record))
  expect(node.ask(remove('1.1'))).toEqual(['done'])
  expect(node.ask(open(7, 'a'))).toEqual(['opened 1.15'])
  expect(node.ask(remove('1.15'))).toEqual(['done'])
  expect(node.store.kinds).toEqual(before)
  node.restart()
  node.attach(1n)
  expect(node.settle()).toEqual(['attached'])
  expect(node.ask(open(7))).toEqual(['opened 2.17'])
})

// holds: S2-07
test('a stored task comes back after its own delay or, without one, after that of its theme', () => {
  const node = withTheme({ delaySeconds: 10 })
  node.ask(open(7))
  node.ask(open(7))
  expect(node.ask(store('1.1', 3))).toEqual(['done'])
  expect(node.ask(store('1.2', 0))).toEqual(['done'])
  expect(node.ask(list('stored'))).toEqual([
    '1.1#0 stored t7 r0 0×0B due 1004 c3, 1.2#0 stored t7 r0 0×0B due 1011 c4',
  ])
})

// holds: S2-08
test('after a deletion or a store every operation is refused, and nothing changes', () => {
  const node = withTheme()
  node.ask(open(7, 'a'))
  node.ask(open(7, 'a'))
  node.ask(remove('1.1'))
  node.ask(store('1.2'))
  const stored = node.ask(list('stored'))
  for (const name of [
    '1.1',
    '1.2',
    '1.3',
    '2.1',
    '1.0',
    `1.${2n ** 64n - 1n}`,
    `${2n ** 64n - 1n}.1`,
  ]) {
    for (const operation of [
      append(name, 'x'),
      replace(name, 'x'),
      remove(name),
      store(name),
      read(name, 0),
    ]) {
      expect(node.ask(operation)).toEqual(['TASK_CLOSED'])
    }
  }
  expect(node.ask(list('stored'))).toEqual(stored)
})

test('the same index under another term is another task', () => {
  const node = withTheme()
  node.ask(open(7, 'a'))
  expect(node.ask(append('2.1', 'x'))).toEqual(['TASK_CLOSED'])
  expect(node.ask(show('2.1'))).toEqual(['NOT_FOUND'])
  expect(node.ask(show(`1.${2n ** 64n - 1n}`))).toEqual(['NOT_FOUND'])
  expect(node.ask(show('1.0'))).toEqual(['NOT_FOUND'])
  expect(node.ask(append('1.1', 'b'))).toEqual(['done'])
})

// guards: J3
test('operations of another attempt, or of another session, are refused', () => {
  const node = withTheme({ delaySeconds: 0 })
  node.ask(open(7, 'a'))
  expect(node.ask(append('1.1#1', 'x'))).toEqual(['STALE_ATTEMPT'])
  expect(node.ask(append('1.1', 'x'), 2n)).toEqual(['TASK_CLOSED'])
  node.ask(handle(7), 2n)
  expect(node.ask(store('1.1'))).toEqual(['done', 'to 2: 1.1#1 r1 [a]'])
  for (const attempt of [0, 2, 4_294_967_295]) {
    expect(node.ask(append(`1.1#${attempt}`, 'x'), 2n)).toEqual(['STALE_ATTEMPT'])
    expect(node.ask(remove(`1.1#${attempt}`), 1n)).toEqual(['STALE_ATTEMPT'])
  }
  expect(node.ask(append('1.1#1', 'x'), 1n)).toEqual(['TASK_CLOSED'])
  expect(node.ask(append('1.1#1', 'b'), 2n)).toEqual(['done'])
  expect(node.ask(read('1.1#1', 0), 2n)).toEqual(['records [a b]'])
})

// holds: S2-17
test('a theme that is not configured is refused, when a task is opened and when one is to be handled', () => {
  const node = withTheme()
  expect(node.ask(open(8))).toEqual(['UNKNOWN_THEME'])
  expect(node.ask(handle(8))).toEqual(['UNKNOWN_THEME'])
  node.ask(theme(8))
  expect(node.ask(open(8))).toEqual(['opened 1.1'])
})

// holds: S2-19
test('what is too large is refused, and leaves the task and the node as they were', () => {
  const limits = { taskRecordBytesMax: 5, taskRecordsMax: 3, taskBytesMax: 100 }
  const node = withTheme({ taskBytesMax: 10 }, limits)
  expect(node.ask(open(7, '123456'))).toEqual(['TASK_TOO_LARGE'])
  expect(node.kernel.commitNumber).toBe(0n)
  expect(node.ask(open(7, '12345'))).toEqual(['opened 1.1'])
  expect(node.ask(append('1.1', '123456'))).toEqual(['TASK_TOO_LARGE'])
  expect(node.ask(append('1.1', '1234'))).toEqual(['done'])
  expect(node.ask(append('1.1', '12'))).toEqual(['TASK_TOO_LARGE'])
  expect(node.ask(append('1.1', '1'))).toEqual(['done'])
  expect(node.ask(append('1.1', ''))).toEqual(['TASK_TOO_LARGE'])
  expect(node.ask(replace('1.1', '123456'))).toEqual(['TASK_TOO_LARGE'])
  expect(node.ask(read('1.1', 0))).toEqual(['records [12345 1234 1]'])
  expect(node.ask(replace('1.1', '12345'))).toEqual(['done'])
  expect(node.ask(show('1.1'))).toEqual(['1.1#0 active t7 r0 1×5B by 1 c4 [12345]'])
})

// holds: S2-19
test('the node takes so many themes, tasks, open tasks and handlers, and says when it takes no more', () => {
  const limits = { themesMax: 2, tasksMax: 3, activeTasksMax: 2, taskHandlersMax: 1 }
  const node = withTheme({}, limits)
  node.ask(theme(8))
  expect(node.ask(theme(9))).toEqual(['PRECONDITION_FAILED'])
  expect(node.ask(theme(8))).toEqual(['done'])
  node.ask(open(7))
  node.ask(open(8))
  expect(node.ask(open(8))).toEqual(['PRECONDITION_FAILED'])
  node.ask(store('1.1'))
  expect(node.ask(open(8))).toEqual(['opened 1.4'])
  node.ask(store('1.2'))
  expect(node.ask(open(8))).toEqual(['PRECONDITION_FAILED'])
  node.ask(remove('1.4'))
  expect(node.ask(open(8))).toEqual(['opened 1.7'])
  expect(node.ask(handle(7))).toEqual(['done'])
  expect(node.ask(handle(7))).toEqual(['PRECONDITION_FAILED'])
})

test('a delay that is no number of seconds, or a failure that is no text, is refused', () => {
  const node = withTheme()
  node.ask(open(7))
  for (const delaySeconds of [-1, 0.5, NaN, 2 ** 32]) {
    expect(node.ask(store('1.1', delaySeconds))).toEqual(['INVALID_ARGUMENT'])
  }
  expect(node.ask(store('1.1', 0, '\ud800'))).toEqual(['INVALID_ARGUMENT'])
  expect(node.ask(store('1.1', 2 ** 32 - 1))).toEqual(['done'])
  expect(node.ask(list('stored'))).toEqual([
    `1.1#0 stored t7 r0 0×0B due ${1_001 + 2 ** 32 - 1} c2`,
  ])
})

test('the reason of a failure is kept up to a bound, between two characters', () => {
  const node = withTheme({}, { failureBytesMax: 4 })
  node.ask(open(7))
  node.ask(store('1.1', 0, 'abcé…'))
  expect(node.ask(list('stored'))).toEqual(['1.1#0 stored t7 r0 0×0B due 1011 c2 "abc"'])
})

test('settings of a theme that are out of bounds are refused, and the theme stays as it is', () => {
  const node = withTheme({ delaySeconds: 3 })
  const wrong = [
    { theme: 2 ** 32 },
    { theme: -1 },
    { delaySeconds: 2 ** 32 },
    { delaySeconds: 1.5 },
    { jitterSeconds: -1 },
    { handlerSeconds: -1 },
    { repeatsMax: 2 ** 32 },
    { concurrency: 0 },
    { concurrency: 1_000_001 },
    { taskBytesMax: 0 },
    { taskBytesMax: 67_108_865 },
    { name: 'x'.repeat(257) },
    { name: '\ud800' },
    { handler: 'x'.repeat(1_025) },
    { handler: '\udc00' },
  ]
  for (const terms of wrong) expect(node.ask(theme(7, terms))).toEqual(['INVALID_ARGUMENT'])
  expect(node.kernel.themes).toMatchObject([{ theme: 7, delaySeconds: 3 }])
  const widest = { name: 'é'.repeat(128), handler: 'x'.repeat(1_024), concurrency: 1_000_000 }
  expect(node.ask(theme(0xffff_ffff, widest))).toEqual(['done'])
  const before = node.kernel.themes
  node.restart()
  expect(node.kernel.themes).toEqual(before)
})

test('themes are listed in order, with how many tasks there are of each', () => {
  const node = withTheme({ repeatsMax: 1, delaySeconds: 0 })
  node.ask(theme(3))
  node.ask(open(3))
  node.ask(open(7))
  node.ask(open(7))
  node.ask(handle(7, 1), 2n)
  node.ask(store('1.2'))
  node.ask(store('1.3'))
  expect(node.ask(THEMES)).toEqual([
    't3: 1 active, 0 stored, 0 dead, 0 out, 0 handlers, t7: 1 active, 1 stored, 0 dead, 1 out, 1 handlers',
  ])
  node.ask(store('1.2#1'), 2n)
  expect(node.ask(THEMES)).toEqual([
    't3: 1 active, 0 stored, 0 dead, 0 out, 0 handlers, t7: 1 active, 0 stored, 1 dead, 1 out, 1 handlers',
  ])
  expect(node.kernel.statistics()).toMatchObject({
    themes: 2,
    activeTasks: 2,
    storedTasks: 0,
    deadTasks: 1,
    tasksOut: 1,
    taskHandlers: 1,
  })
})
