/**
 * When stored tasks come back: whole seconds of the wall clock, in the order of being due, then of being stored.
 *
 * guards: J4
 */
import { expect, test } from 'vitest'
import {
  LogNode,
  SECOND_MS,
  handle,
  list,
  open,
  remove,
  requeue,
  store,
  theme,
} from './log-node.ts'

/** Tasks of theme 7, stored by session 1; session 2 may handle them. The wall clock shows second 1000 and a half. */
function stored(delays: readonly number[], terms: object = {}, limits: object = {}): LogNode {
  const node = new LogNode(limits)
  node.ask(theme(7, terms))
  for (const delay of delays) {
    const [opened = ''] = node.ask(open(7))
    node.ask(store(opened.replace('opened ', ''), delay))
  }
  return node
}

/** The names of the tasks that were handed out, in their order. */
function names(heard: readonly string[]): string[] {
  return heard.flatMap((word) => /^to \d+: (\S+)/.exec(word)?.[1] ?? [])
}

function dueSeconds(node: LogNode): number[] {
  const all = node.ask(list('stored')).join(' ')
  return [...all.matchAll(/due (\d+)/g)].map(([, second]) => Number(second))
}

// holds: S2-09, S2-10
test('a delay begins with the next whole second, so that it is never cut short', () => {
  const node = stored([1])
  expect(dueSeconds(node)).toEqual([1_002])
  node.ask(handle(7), 2n)
  expect(node.wait(1)).toEqual([])
  expect(node.wallMs).toBe(1_001_500)
  node.pass(499)
  node.advance()
  expect(node.settle()).toEqual([])
  node.pass(1)
  node.advance()
  expect(node.settle()).toEqual(['to 2: 1.1#1 r1 []'])
})

// holds: S2-09
test('a task that is stored on the second is due on a second', () => {
  const node = new LogNode()
  node.pass(500)
  node.ask(theme(7))
  node.ask(open(7))
  node.ask(store('1.1', 1))
  expect(dueSeconds(node)).toEqual([1_002])
})

// holds: S2-09
test('chance adds up to the jitter to the delay of a task, evenly, and does so again after the next store', () => {
  const node = stored([], { jitterSeconds: 3 })
  for (let task = 1; task <= 200; task++) node.put(open(7))
  for (let task = 1; task <= 200; task++) node.put(store(`1.${task}`, 5))
  node.settle()
  const all = dueSeconds(node)
  const counts = [1_006, 1_007, 1_008, 1_009].map((due) => all.filter((one) => one === due).length)
  expect(counts.reduce((sum, count) => sum + count)).toBe(200)
  for (const count of counts) expect(count).toBeGreaterThan(25)
})

// holds: S2-09
test('of tasks that are stored together each has its own chance', () => {
  const node = new LogNode()
  node.ask(theme(7, { jitterSeconds: 1_000 }))
  for (let task = 0; task < 100; task++) node.put(open(7))
  node.settle()
  node.detach(1n)
  node.settle()
  expect(new Set(dueSeconds(node)).size).toBeGreaterThan(80)
})

// holds: S2-09
test('the same chance gives the same seconds', () => {
  const [one, other] = [0, 1].map(() => stored([1, 2, 3, 4, 5], { jitterSeconds: 100 }))
  expect(one && dueSeconds(one)).toEqual(other && dueSeconds(other))
})

// holds: S2-11, S2-12
test('all of one second comes before any of the next one, in the order in which it was stored', () => {
  const node = stored([3, 1, 2, 1, 3, 2, 1])
  node.ask(handle(7), 2n)
  expect(names(node.wait(2))).toEqual(['1.3#1', '1.7#1', '1.13#1'])
  expect(names(node.wait(1))).toEqual(['1.5#1', '1.11#1'])
  expect(names(node.wait(1))).toEqual(['1.1#1', '1.9#1'])
})

// holds: S2-12, S2-13
test('the order holds when the clock jumps and only one place is free', () => {
  const node = stored([3, 1, 2, 1, 3, 2, 1])
  node.ask(handle(7, 1), 2n)
  node.wallMs += 3_600 * SECOND_MS
  expect(names(node.wait(1))).toEqual(['1.3#1'])
  const rest = ['1.7', '1.13', '1.5', '1.11', '1.1', '1.9']
  let latest = '1.3#1'
  for (const next of rest) {
    expect(node.ask(remove(latest), 2n)).toEqual(['done', `to 2: ${next}#1 r1 []`])
    latest = `${next}#1`
  }
  expect(node.ask(remove(latest), 2n)).toEqual(['done'])
})

// holds: S2-11
test('what is stored later for an earlier second comes first', () => {
  const node = stored([5])
  node.ask(open(7))
  node.ask(store('1.3', 2))
  node.wallMs += 3_600 * SECOND_MS
  expect(names(node.ask(handle(7), 2n))).toEqual(['1.3#1', '1.1#1'])
})

test('a wall clock that is set back delays what is stored, and loses nothing', () => {
  const node = stored([2])
  node.ask(handle(7), 2n)
  node.wallMs -= 60 * SECOND_MS
  expect(node.wait(60)).toEqual([])
  expect(names(node.wait(3))).toEqual(['1.1#1'])
})

test('a wall clock that is set forward is noticed within a second', () => {
  const node = stored([3_600])
  node.ask(handle(7), 2n)
  expect(node.kernel.nextDeadlineMs()).toBeLessThanOrEqual(node.nowMs + SECOND_MS)
  node.wallMs += 3_600 * SECOND_MS
  expect(names(node.wait(1))).toEqual(['1.1#1'])
})

test('nobody has to look as long as nobody handles what is stored', () => {
  const node = stored([1])
  expect(node.kernel.nextDeadlineMs()).toBe(Infinity)
  node.wait(10)
  expect(names(node.ask(handle(7), 2n))).toEqual(['1.1#1'])
  expect(node.kernel.nextDeadlineMs()).toBe(Infinity)
})

test('without a delay and without jitter a task is due at once, also when it is requeued', () => {
  const node = stored([0], { delaySeconds: 0 })
  expect(dueSeconds(node)).toEqual([1_000])
  const later = stored([3_600])
  later.ask(handle(7), 2n)
  expect(later.ask(requeue('1.1'))).toEqual(['done', 'to 2: 1.1#1 r1 []'])
})

// guards: J4
test('the longest delay keeps its order before a longer jitter', () => {
  const node = stored([0xffff_ffff, 1], { jitterSeconds: 0xffff_ffff })
  const seconds = dueSeconds(node)
  expect(seconds).toEqual([...seconds].sort((left, right) => left - right))
  expect(seconds.every((second) => second <= 1_001 + 2 * 0xffff_ffff)).toBe(true)
})
