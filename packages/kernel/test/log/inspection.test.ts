/**
 * What people see of tasks and do with them: dead ones, lists, requeue, drop, take.
 *
 * guards: J2, J3
 */
import { expect, test } from 'vitest'
import type { Event } from '@tenure/kernel'
import { UNBOUNDED_REPEATS } from '@tenure/kernel'
import {
  LogNode,
  THEMES,
  append,
  drop,
  handle,
  list,
  open,
  remove,
  requeue,
  show,
  store,
  take,
  theme,
} from './log-node.ts'

/** Task 1.1 of theme 7 has come back twice, as often as it may, and is dead. */
function withDead(): LogNode {
  const node = new LogNode({}, 3)
  node.ask(theme(7, { delaySeconds: 0, repeatsMax: 2 }))
  node.ask(open(7, 'a'))
  node.ask(handle(7, 1), 2n)
  expect(node.ask(store('1.1'))).toEqual(['done', 'to 2: 1.1#1 r1 [a]'])
  expect(node.ask(store('1.1#1', 0, 'once'), 2n)).toEqual(['done', 'to 2: 1.1#2 r2 [a]'])
  expect(node.ask(store('1.1#2', 0, 'twice'), 2n)).toEqual(['done'])
  return node
}

const DEAD = '1.1#2 dead t7 r2 1×1B c6 "twice"'

// holds: S2-20
test('a task that was stored after its last repeat is dead: listed, shown, and never handed out', () => {
  const node = withDead()
  expect(node.ask(list('dead'))).toEqual([DEAD])
  expect(node.ask(list('stored'))).toEqual([''])
  expect(node.ask(show('1.1'))).toEqual([`${DEAD} [a]`])
  expect(node.wait(100_000)).toEqual([])
  node.restart()
  node.attach(2n)
  node.settle()
  expect(node.ask(list('dead'), 2n)).toEqual([DEAD])
  node.ask(handle(7), 2n)
  expect(node.wait(1_000)).toEqual([])
  expect(node.ask(THEMES, 2n)).toEqual(['t7: 0 active, 0 stored, 1 dead, 0 out, 1 handlers'])
})

// holds: S2-20
test('a dead task that is requeued comes back, its repeats forgotten but not its attempts', () => {
  const node = withDead()
  expect(node.ask(requeue('1.1', 5))).toEqual(['done'])
  expect(node.ask(list('dead'))).toEqual([''])
  expect(node.ask(list('stored'))).toEqual(['1.1#2 stored t7 r0 1×1B due 1006 c7 "twice"'])
  expect(node.wait(6)).toEqual(['to 2: 1.1#3 r1 [a]'])
  expect(node.ask(remove('1.1#3'), 2n)).toEqual(['done'])
  expect(node.store.kinds).toEqual({ '0x1': 1, '0x2': 1, '0x10': 3, '0x50': 1 })
})

test('a requeue brings back also what its theme would not', () => {
  const node = withDead()
  node.ask(theme(7, { delaySeconds: 0, repeatsMax: 0 }))
  expect(node.ask(requeue('1.1'))).toEqual(['done', 'to 2: 1.1#3 r1 [a]'])
  node.ask(open(7))
  expect(node.ask(store('1.9'))).toEqual(['done'])
  expect(node.ask(list('dead'))).toEqual(['1.9#0 dead t7 r0 0×0B c10'])
})

// holds: S2-20
test('a theme without a bound on repeats lets no task die', () => {
  const node = new LogNode()
  node.ask(theme(7, { delaySeconds: 0, repeatsMax: UNBOUNDED_REPEATS }))
  node.ask(open(7))
  node.ask(handle(7), 2n)
  node.ask(store('1.1'))
  for (let repeat = 1; repeat < 30; repeat++) {
    expect(node.ask(store(`1.1#${repeat}`), 2n)).toHaveLength(2)
  }
})

// holds: S2-20
test('a stored task that is requeued is due anew, in its new place', () => {
  const node = new LogNode()
  node.ask(theme(7))
  for (let task = 1; task <= 3; task++) node.ask(open(7))
  for (const name of ['1.1', '1.2', '1.3']) node.ask(store(name))
  expect(node.ask(requeue('1.3', 3))).toEqual(['done'])
  expect(node.ask(requeue('1.1', 20))).toEqual(['done'])
  node.ask(handle(7), 2n)
  expect(node.wait(30).map((word) => word.slice(0, 12))).toEqual([
    'to 2: 1.3#1 ',
    'to 2: 1.2#1 ',
    'to 2: 1.1#1 ',
  ])
  expect(node.ask(requeue('1.1', 0))).toEqual(['PRECONDITION_FAILED'])
  for (const delay of [-1, 0.5, 2 ** 32]) {
    node.ask(store('1.1#1'), 2n)
    expect(node.ask(requeue('1.1', delay))).toEqual(['INVALID_ARGUMENT'])
  }
})

// holds: S2-20
test('a stored or dead task can be dropped with all its records, one that somebody drives cannot', () => {
  const node = withDead()
  node.ask(open(7, 'b'))
  for (let record = 0; record < 20; record++) node.ask(append('1.7', 'c'))
  expect(node.ask(drop('1.7'))).toEqual(['PRECONDITION_FAILED'])
  node.ask(store('1.7', 60))
  expect(node.ask(drop('1.7'))).toEqual(['done'])
  expect(node.ask(drop('1.7'))).toEqual(['NOT_FOUND'])
  expect(node.ask(drop('1.1'))).toEqual(['done'])
  expect(node.ask(drop('1.99'))).toEqual(['NOT_FOUND'])
  expect(node.store.kinds).toEqual({ '0x1': 1, '0x2': 1, '0x10': 3, '0x50': 1 })
  expect(node.wait(100)).toEqual([])
})

test('a task can be taken whenever it is due, dead or stored, and then it is with whoever took it', () => {
  const node = withDead()
  node.ask(open(7, 'b'))
  node.ask(store('1.7', 3_600))
  expect(node.ask(take('1.7'), 3n)).toEqual(['to 3: 1.7#1 r1 [b]'])
  expect(node.ask(take('1.7'), 1n)).toEqual(['PRECONDITION_FAILED'])
  expect(node.ask(take('1.1'), 3n)).toEqual(['to 3: 1.1#3 r3 [a]'])
  expect(node.ask(list('active'))).toEqual([
    '1.1#3 active t7 r3 1×1B by 3 c10 "twice", 1.7#1 active t7 r1 1×1B by 3 c9',
  ])
  expect(node.ask(append('1.1#3', 'x'), 3n)).toEqual(['done'])
  expect(node.ask(remove('1.1#3'), 3n)).toEqual(['done'])
  expect(node.ask(store('1.7#1'), 3n)).toEqual(['done', 'to 2: 1.7#2 r2 [b]'])
  expect(node.ask(take('1.1'), 3n)).toEqual(['NOT_FOUND'])
})

// holds: S2-03
test('tasks are listed in pages, by their state and by their theme', () => {
  const node = new LogNode({ listedTasksMax: 3 })
  for (const number of [0, 7, 0xffff_ffff]) node.ask(theme(number, { repeatsMax: 0 }))
  for (let round = 0; round < 4; round++)
    for (const number of [7, 0, 0xffff_ffff]) node.put(open(number))
  node.settle()
  expect(pages(node, { state: 'active' })).toEqual([3, 3, 3, 3])
  expect(pages(node, { state: 'active', theme: 0 })).toEqual([1, 1, 1, 1])
  for (let index = 1; index <= 12; index++) node.ask(store(`1.${index}`))
  expect(pages(node, { state: 'dead' })).toEqual([3, 3, 3, 3])
  expect(pages(node, { state: 'dead', theme: 0xffff_ffff })).toEqual([3, 1])
  for (let index = 1; index <= 12; index++) node.ask(requeue(`1.${index}`, 100 - index))
  expect(pages(node, { state: 'stored', theme: 7 })).toEqual([3, 1])
  expect(pages(node, { state: 'stored', limit: 2 })).toEqual([2, 2, 2, 2, 2, 2])
  expect(pages(node, { state: 'stored', theme: 8 })).toEqual([0])
  expect(pages(node, { state: 'dead' })).toEqual([0])
})

/** How many tasks each page has. */
function pages(
  node: LogNode,
  terms: { state: 'active' | 'stored' | 'dead'; theme?: number; limit?: number },
): number[] {
  const counts: number[] = []
  let after = new Uint8Array(0)
  do {
    const page = answer(node, () => node.put(list(terms.state, { ...terms, after })))
    if (page?.kind !== 'tasks-listed') throw new Error('no page')
    counts.push(page.tasks.length)
    after = page.next.slice()
  } while (after.length > 0)
  return counts
}

/** The one event that is heard. */
function answer(node: LogNode, ask: () => void): Event | undefined {
  const events: Event[] = []
  node.seen = (step) => void events.push(...step.events)
  ask()
  node.settle()
  node.seen = null
  return events[0]
}

test('a page that no list has said is refused, and so is one of another list', () => {
  const node = new LogNode()
  node.ask(theme(7))
  node.ask(open(7))
  node.ask(open(7))
  node.ask(store('1.1'))
  const page = answer(node, () => node.put(list('active', { limit: 1 })))
  expect(page).toMatchObject({ kind: 'tasks-listed', next: new Uint8Array(0) })
  for (const after of [[0], [0x52], [0x55], [0xff, 1, 2], [0x54, 0, 0, 0, 8]]) {
    const foreign = list('stored', { theme: 7, after: new Uint8Array(after) })
    expect(node.ask(foreign)).toEqual(['INVALID_ARGUMENT'])
  }
  expect(node.ask(list('stored', { theme: 7, after: new Uint8Array([0x54, 0, 0, 0, 7]) }))).toEqual(
    ['1.1#0 stored t7 r0 0×0B due 1011 c3'],
  )
})

test('a task that has moved on while it was looked up is found where it is by then', () => {
  const node = new LogNode({}, 3)
  node.ask(theme(7, { delaySeconds: 0 }))
  node.ask(open(7, 'a'))
  node.ask(store('1.1', 60))
  node.put(show('1.1'))
  node.put(requeue('1.1', 30))
  node.put(drop('1.1'))
  node.put(take('1.1'), 3n)
  expect(node.settle()).toEqual([
    '1.1#0 stored t7 r0 1×1B due 1061 c2 [a]',
    'done',
    'done',
    'NOT_FOUND',
  ])
})
