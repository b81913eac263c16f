/**
 * What a watch is told that comes back: everything that it has missed, or that it has to read anew.
 *
 * guards: W1, K1
 */
import type { Limits } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { Desk, bytes, create, put, remove } from './desk.ts'
import { CONFIG } from '../node.ts'
import { commit, heard, watch } from './watching.ts'

function deskAt(limits: Partial<Limits>, ...commits: string[][]): Desk {
  const desk = new Desk(limits)
  for (const keys of commits) desk.ask(commit(keys))
  return desk
}

test('a watch that comes back hears at once what it has missed, in the order of versions', () => {
  const desk = deskAt({}, ['a', 'b'], ['z'], ['b', 'a'])
  desk.ask(remove('a'))
  desk.ask(put('z', 'x'))
  expect(heard(desk, watch('a', 'z', 0n))).toEqual([
    [1, 'changed', ['a=1', 'b=1', 'b=3', 'a=3', '-a=4'], 5],
  ])
  expect(heard(desk, watch('a', 'z', 2n))).toEqual([[1, 'changed', ['b=3', 'a=3', '-a=4'], 5]])
  expect(heard(desk, watch('a', 'z', 3n))).toEqual([[1, 'changed', ['-a=4'], 5]])
  expect(heard(desk, watch('a', 'z', 4n))).toEqual([])
})

test('an answer ends between two commits when it has as many changes as a page takes', () => {
  const desk = deskAt({ rangeRecordsMax: 3 }, ['a', 'b'], ['z'], ['c', 'd'], ['e'], ['f'])
  expect(heard(desk, watch('a', 'g', 0n))).toEqual([[1, 'changed', ['a=1', 'b=1'], 2]])
  expect(heard(desk, watch('a', 'g', 2n))).toEqual([[1, 'changed', ['c=3', 'd=3', 'e=4'], 4]])
  expect(heard(desk, watch('a', 'g', 4n))).toEqual([[1, 'changed', ['f=5'], 5]])
})

test('an answer ends between two commits when it has as many bytes as a page takes', () => {
  const desk = new Desk({ rangeBytesMax: 10 })
  for (const keys of [['a'], ['b'], ['c', 'd']]) desk.ask(commit(keys, '123'))
  desk.ask(put('e', '1234567890123'))
  expect(heard(desk, watch('a', 'g', 0n))).toEqual([[1, 'changed', ['a=1', 'b=2'], 2]])
  expect(heard(desk, watch('a', 'g', 1n))).toEqual([[1, 'changed', ['b=2', 'c=3', 'd=3'], 3]])
  expect(heard(desk, watch('a', 'g', 3n))).toEqual([[1, 'changed', ['e=4'], 4]])
})

test('a commit that changes more than a page takes sends its watches to read anew', () => {
  for (const limits of [{ rangeRecordsMax: 2 }, { rangeBytesMax: 4 }]) {
    const desk = deskAt(limits, ['x'])
    desk.ask(watch('a', 'd', 1n), 2n)
    desk.ask(watch('c', 'd', 1n), 2n)
    expect(heard(desk, commit(['a', 'b', 'c']))).toEqual([
      [2, 'reset', [], 2],
      [2, 'changed', ['c=2'], 2],
    ])
    desk.ask(put('a', 'y'))
    expect(heard(desk, watch('a', 'd', 1n))).toEqual([[1, 'reset', [], 3]])
    expect(heard(desk, watch('c', 'd', 1n))).toEqual([[1, 'changed', ['c=2'], 3]])
    expect(heard(desk, watch('a', 'd', 2n))).toEqual([[1, 'changed', ['a=3'], 3]])
  }
})

test('what comes before such a commit is told first', () => {
  const desk = deskAt({ rangeRecordsMax: 2 }, ['a'], ['a', 'b', 'c'])
  expect(heard(desk, watch('a', 'd', 0n))).toEqual([[1, 'changed', ['a=1'], 1]])
  expect(heard(desk, watch('a', 'd', 1n))).toEqual([[1, 'reset', [], 2]])
})

test('whoever comes back from before the history reads anew, and goes on from there', () => {
  for (const limits of [{ historyChangesMax: 3 }, { historyBytesMax: 6 }]) {
    const desk = deskAt(limits, ['a'], ['b', 'c'], ['d'])
    expect(heard(desk, watch('', null, 0n))).toEqual([[1, 'reset', [], 3]])
    expect(heard(desk, watch('', null, 1n))).toEqual([[1, 'changed', ['b=2', 'c=2', 'd=3'], 3]])
    desk.ask(put('e', 'x'))
    // The second commit has left as a whole.
    expect(heard(desk, watch('', null, 1n))).toEqual([[1, 'reset', [], 4]])
    expect(heard(desk, watch('', null, 2n))).toEqual([[1, 'changed', ['d=3', 'e=4'], 4]])
    expect(heard(desk, watch('', null, 4n))).toEqual([])
  }
})

test('a commit that is greater than the history is nowhere in it', () => {
  const desk = deskAt({ historyChangesMax: 2 }, ['a'], ['b', 'c', 'd'])
  expect(heard(desk, watch('', null, 1n))).toEqual([[1, 'reset', [], 2]])
  expect(heard(desk, watch('', null, 2n))).toEqual([])
  expect(heard(desk, put('a', 'y'))).toEqual([[1, 'changed', ['a=3'], 3]])
})

test('a history that turns over a thousand times knows its latest changes', () => {
  const desk = new Desk({ historyChangesMax: 10 })
  for (let version = 1; version <= 10_000; version++) {
    desk.tell(put('a', ''))
    if (version < 10 || version % 97 !== 0) continue
    const from = BigInt(version - 10)
    const told = Array.from({ length: 10 }, (_, at) => `a=${version - 9 + at}`)
    expect(heard(desk, watch('a', 'b', from))).toEqual([[1, 'changed', told, version]])
    expect(heard(desk, watch('a', 'b', from - 1n))).toEqual([[1, 'reset', [], version]])
  }
})

test('after a restart the history begins anew', () => {
  const desk = deskAt({}, ['a'], ['b'])
  desk.node.restart()
  desk.node.attach(1n)
  expect(heard(desk, watch('', null, 1n))).toEqual([[1, 'reset', [], 2]])
  expect(heard(desk, watch('', null, 2n))).toEqual([])
  expect(heard(desk, put('a', 'y'))).toEqual([[1, 'changed', ['a=3'], 3]])
})

test('nothing of a node that was dropped is told of the next one', () => {
  const desk = deskAt({}, ['a'], ['b'])
  const { node } = desk
  const asked = { stream: 9, requestId: 1n }
  desk.tell(watch('', null, 2n), 2n)
  expect(node.kernel.statistics().recordWatches).toBe(1)
  node.keep(node.kernel.apply({ kind: 'drop-node', ...asked }, 0))
  expect(node.kernel.statistics().recordWatches).toBe(0)
  node.keep(node.kernel.apply({ kind: 'create-node', ...asked, config: CONFIG }, 0))
  const attach = { session: 0n, timeoutMs: 9n, description: '', sequenceNumber: 0n }
  const protectionKey = bytes('')
  node.keep(
    node.kernel.apply({ kind: 'attach', stream: 3, requestId: 1n, ...attach, protectionKey }, 0),
  )
  const present = Number(node.kernel.commitNumber)
  expect(heard(desk, watch('', null, 1n), 3n)).toEqual([[3, 'reset', [], present]])
  expect(heard(desk, watch('', null, 2n), 3n)).toEqual([[3, 'reset', [], present]])
  expect(heard(desk, watch('', null, BigInt(present)), 3n)).toEqual([])
  expect(heard(desk, create('a', 'x'), 3n)).toEqual([
    [3, 'changed', [`a=${present + 1}`], present + 1],
  ])
})
