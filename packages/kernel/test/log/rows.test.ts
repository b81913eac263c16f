/** What the operations of the session log write: as little as can be, and the row to come before the one that goes. */
import { expect, test } from 'vitest'
import type { Step } from '@tenure/kernel'
import {
  LogNode,
  append,
  drop,
  handle,
  open,
  remove,
  replace,
  requeue,
  store,
  theme,
} from './log-node.ts'

const ROWS: Readonly<Record<number, string>> = {
  0x51: 'totals',
  0x52: 'active',
  0x53: 'record',
  0x54: 'stored',
  0x55: 'dead',
  0x56: 'place',
}

/** `+` for what is put, `-` for what is deleted, `--` for a range. */
function summary({ writes }: Step): string[] {
  return writes.map((write) => {
    if (write.kind === 'delete-range') return `--${ROWS[write.start[0] ?? 0]}`
    return `${write.kind === 'put' ? '+' : '-'}${ROWS[write.key[0] ?? 0]}`
  })
}

function withTheme(terms: object): LogNode {
  const node = new LogNode()
  node.ask(theme(7, terms))
  return node
}

test('an open is one put, and one more for its record; an append is one, and a deletion as many deletes', () => {
  const node = withTheme({})
  expect(summary(node.put(open(7)))).toEqual(['+active'])
  expect(summary(node.put(open(7, 'a')))).toEqual(['+active', '+record'])
  expect(summary(node.put(append('1.2', 'b')))).toEqual(['+record'])
  expect(summary(node.put(remove('1.1')))).toEqual(['-active'])
  expect(summary(node.put(remove('1.2')))).toEqual(['-record', '-record', '-active'])
  expect(summary(node.put(append('1.2', 'c')))).toEqual([])
  expect(node.kernel.seal()).toHaveLength(1)
  expect(node.kernel.seal()).toEqual([])
})

test('many records go by one delete of their range', () => {
  const node = withTheme({})
  node.put(open(7, 'a'))
  for (const record of 'bcdefghi') node.put(append('1.1', record))
  expect(summary(node.put(replace('1.1', 'x')))).toEqual(['--record', '+record', '+active'])
  expect(summary(node.put(remove('1.1')))).toEqual(['-record', '-active'])
})

test('a store is three puts and a delete, and so is what takes a task away again', () => {
  const node = withTheme({ repeatsMax: 0 })
  node.put(open(7, 'a'))
  expect(summary(node.put(store('1.1')))).toEqual(['+dead', '+place', '-active', '+totals'])
  const seen: string[][] = []
  node.settle()
  node.seen = (step) => void seen.push(summary(step))
  node.ask(requeue('1.1', 5))
  expect(seen.at(-1)).toEqual(['+stored', '+place', '-dead', '+totals'])
  node.ask(drop('1.1'))
  expect(seen.at(-1)).toEqual(['-record', '-stored', '-place', '-totals'])
})

test('a hand-out is a put and two deletes; counts that it leaves as they were are not written', () => {
  const node = withTheme({ delaySeconds: 0 })
  node.put(open(7))
  node.put(open(7))
  node.ask(store('1.1'))
  expect(summary(node.put(handle(7, 2), 2n))).toEqual(['+active', '-stored', '-place', '-totals'])
  expect(summary(node.put(store('1.2')))).toEqual([
    '+stored',
    '+place',
    '-active',
    '+active',
    '-stored',
    '-place',
  ])
})
