/**
 * What happens between a question and what is read for it: later steps are done already when an earlier one is read.
 *
 * guards: J2, J3, J4
 */
import { expect, test } from 'vitest'
import { CONFIG, NOTHING } from '../node.ts'
import {
  LogNode,
  THEMES,
  append,
  drop,
  handle,
  list,
  open,
  requeue,
  show,
  store,
  take,
  theme,
} from './log-node.ts'

/** Tasks 1.1, 1.2, … of theme 7, stored for seconds 1002, 1003, …; memory takes 4 of them and reads 2 at a time. */
function stored(tasks: number, limits: object = {}): LogNode {
  const node = new LogNode({ storedInMemoryMax: 4, storedPageMax: 2, ...limits }, 3)
  node.ask(theme(7))
  for (let task = 1; task <= tasks; task++) node.put(open(7))
  for (let task = 1; task <= tasks; task++) node.put(store(`1.${task}`, task))
  node.settle()
  return node
}

/** The names of the tasks that were handed out, in their order. */
function names(heard: readonly string[]): string[] {
  return heard.flatMap((word) => /^to \d+: (\S+)#/.exec(word)?.[1] ?? [])
}

function named(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, at) => `1.${from + at}`)
}

function dropNode(node: LogNode): void {
  node.apply({ kind: 'drop-node', stream: 9, requestId: 0n })
}

// guards: J4
test('a handler does not wait for ever when all that was in memory is dropped, taken or requeued', () => {
  for (const away of [drop, take, (id: string) => requeue(id, 1_000)]) {
    const node = stored(12)
    node.ask(handle(7), 2n)
    for (const id of named(1, 8)) node.ask(away(id), 3n)
    expect(names(node.wait(100))).toEqual(named(9, 12))
  }
})

// guards: J4
test('what is stored or taken away while a page is under way is in its place behind it', () => {
  const node = stored(12)
  node.restart()
  for (const session of [1n, 2n, 3n]) node.attach(session)
  node.settle()
  node.put(handle(7), 2n)
  expect(node.open).toBe(1)
  for (const id of ['1.2', '1.5', '1.9']) node.put(drop(id), 3n)
  node.put(requeue('1.1', 7), 3n)
  node.put(take('1.4'), 3n)
  for (let task = 0; task < 3; task++) node.put(open(7))
  const opened = node.kernel.commitNumber
  node.put(store(`2.${opened - 2n}`, 3))
  node.put(store(`2.${opened - 1n}`, 1))
  node.put(store(`2.${opened}`, 60))
  const ids = [opened - 1n, opened - 2n, opened].map((index) => `2.${index}`)
  const [soon = '', later = '', last = ''] = ids
  const heard = node.wait(100).filter((word) => word.startsWith('to 2'))
  expect(names(heard)).toEqual([
    soon,
    '1.3',
    later,
    '1.6',
    '1.7',
    '1.1',
    '1.8',
    '1.10',
    '1.11',
    '1.12',
    last,
  ])
})

test('whoever has come anew to his stream is not given what he asked for before', () => {
  for (const stream of [3, 9]) {
    const node = stored(1)
    node.put(take('1.1'), 3n)
    node.detach(3n)
    node.attach(3n, stream)
    expect(node.settle()).toEqual(['attached', 'BAD_SESSION'])
    expect(node.ask(list('stored'))).toEqual(['1.1#0 stored t7 r0 0×0B due 1002 c2'])
  }
  const node = stored(1)
  node.put(take('1.1'), 3n)
  node.commit()
  node.stop(3n)
  expect(node.settle()).toEqual(['stopped', 'BAD_SESSION'])
})

test('a node that is dropped while something is read takes that with it', () => {
  const asked = [show('1.1'), drop('1.1'), requeue('1.1'), take('1.1'), list('stored'), handle(7)]
  for (const question of asked) {
    for (let commits = 0; commits < 3; commits++) {
      const node = stored(12)
      node.ask(open(7, 'a'))
      node.restart()
      for (const session of [1n, 2n, 3n]) node.attach(session)
      node.put(question, 3n)
      for (let commit = 0; commit < commits; commit++) node.commit()
      dropNode(node)
      node.apply({ kind: 'create-node', stream: 9, requestId: 0n, config: CONFIG })
      node.put(theme(7))
      node.settle()
      expect(node.ask(THEMES)).toEqual(['t7: 0 active, 0 stored, 0 dead, 0 out, 0 handlers'])
      expect(node.store.kinds).toEqual({ '0x1': 1, '0x2': 1, '0x50': 1 })
    }
  }
})

/** A node with much that is not committed, of which a part has to be read, and at last another node. */
function busy(): LogNode {
  const node = stored(4)
  node.ask(theme(7, { delaySeconds: 0, repeatsMax: 1 }))
  for (let task = 0; task < 4; task++) node.put(open(7, 'a'))
  const opened = node.kernel.commitNumber
  node.put(handle(7), 2n)
  node.put(drop('1.1'))
  node.put(store(`1.${opened}`))
  node.put(store(`1.${opened - 1n}`))
  node.put(store(`1.${opened}#1`), 2n)
  node.put(requeue('1.2', 5))
  node.put(store(`1.${opened - 2n}`, 9))
  dropNode(node)
  node.apply({ kind: 'create-node', stream: 9, requestId: 0n, config: CONFIG })
  node.put(theme(7))
  node.attach(0n, 1)
  return node
}

// holds: S2-31
test('counts of tasks are those of the rows after a crash between any two commits', () => {
  for (let commits = 0; commits < 12; commits++) {
    const node = busy()
    for (let commit = 0; commit < commits; commit++) node.commit()
    const rows = node.store.kinds
    node.restart()
    const { activeTasks, storedTasks, deadTasks } = node.kernel.statistics()
    expect([activeTasks, storedTasks, deadTasks], `${commits}`).toEqual(
      ['0x52', '0x54', '0x55'].map((kind) => rows[kind] ?? 0),
    )
  }
})

test('a step that may be cut apart has its tasks first, and hands nothing out', () => {
  const node = stored(0)
  node.ask(theme(7, { delaySeconds: 0 }))
  for (let name = 0; name < 10_001; name++) {
    const terms = { count: 1n, timeoutMs: 0n, data: NOTHING, ephemeral: true }
    node.kernel.apply(
      { kind: 'acquire', stream: 1, requestId: 0n, session: 1n, name: `${name}`, ...terms },
      node.nowMs,
    )
  }
  node.ask(open(7, 'a'))
  node.ask(handle(7), 2n)
  const { writes } = node.stop(1n)
  const tags = writes.map(({ kind, ...write }) => ('key' in write ? write.key[0] : kind))
  expect(tags.slice(0, 4)).toEqual([0x54, 0x56, 0x52, 0x51])
  expect(tags.slice(4).filter((tag) => tag !== 0x21)).toEqual([0x10])
  expect(node.kernel.nextDeadlineMs()).toBe(node.nowMs)
  expect(node.settle()).toEqual(['stopped', 'to 2: 1.1#1 r1 [a]'])
})

test('a record that is written behind a hand-out does not disturb what is read for it', () => {
  const node = new LogNode({ taskPageRecordsMax: 2 })
  node.ask(theme(7, { delaySeconds: 0 }))
  for (let record = 0; record < 3; record++)
    node.ask(record === 0 ? open(7, '0') : append('1.1', `${record}`))
  node.ask(handle(7), 2n)
  node.put(store('1.1'))
  node.put(append('1.1#1', '3'), 2n)
  node.put({ kind: 'replace-task', task: { term: 1n, index: 1n }, attempt: 1, record: NOTHING }, 2n)
  expect(node.settle()).toEqual(['done', 'to 2: 1.1#1 r1 [0 1]…', 'done', 'done'])
})
