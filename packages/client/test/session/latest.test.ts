import { expect, test } from 'vitest'
import { latest, type LatestSink } from '../../src/session/latest.ts'
import { FakeClock } from '../fake-clock.ts'

function open(signal?: AbortSignal): {
  readonly iterator: AsyncIterator<number>
  readonly sink: () => LatestSink<number>
  readonly stops: () => number
  readonly clock: FakeClock
} {
  let sink: LatestSink<number> | null = null
  let stops = 0
  const clock = new FakeClock()
  const iterable = latest<number>(
    clock,
    (given) => {
      sink = given
      return () => {
        stops += 1
      }
    },
    signal,
  )
  return {
    iterator: iterable[Symbol.asyncIterator](),
    sink: () => {
      if (sink === null) throw new Error('nobody has read')
      return sink
    },
    stops: () => stops,
    clock,
  }
}

test('nothing starts before the first read', async () => {
  const { iterator, sink } = open()
  expect(sink).toThrow('nobody has read')
  const next = iterator.next()
  sink().push(1)
  expect(await next).toEqual({ done: false, value: 1 })
})

test('of many items between two reads the last is read', async () => {
  const { iterator, sink } = open()
  const first = iterator.next()
  sink().push(1)
  sink().push(2)
  sink().push(3)
  expect(await first).toEqual({ done: false, value: 1 })
  expect(await iterator.next()).toEqual({ done: false, value: 3 })
})

test('an item that waits is delivered before the end', async () => {
  const { iterator, sink, stops } = open()
  const first = iterator.next()
  sink().push(1)
  await first
  sink().push(2)
  sink().finish()
  expect(await iterator.next()).toEqual({ done: false, value: 2 })
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
  expect(stops()).toBe(1)
})

test('a failure comes before an item that waits, once', async () => {
  const { iterator, sink } = open()
  void iterator.next()
  sink().push(1)
  sink().push(2)
  sink().fail('broken')
  await expect(iterator.next()).rejects.toBe('broken')
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
})

test('return ends a read that waits, and stops the source', async () => {
  const { iterator, stops } = open()
  const waiting = iterator.next()
  await iterator.return?.()
  expect(await waiting).toEqual({ done: true, value: undefined })
  expect(stops()).toBe(1)
})

test('an aborted signal throws its reason at the first read, without starting', async () => {
  const { iterator, sink } = open(AbortSignal.abort('enough'))
  await expect(iterator.next()).rejects.toBe('enough')
  expect(sink).toThrow('nobody has read')
})

test('several reads at a time are served in order', async () => {
  const { iterator, sink } = open()
  const reads = [iterator.next(), iterator.next()]
  sink().push(1)
  sink().push(2)
  expect((await Promise.all(reads)).map(({ value }) => value)).toEqual([1, 2])
})

test('a reader that waits keeps the process alive, one that does not wait does not', async () => {
  const { iterator, sink, clock } = open()
  expect(clock.holders).toBe(0)
  const first = iterator.next()
  const second = iterator.next()
  expect(clock.holders).toBe(1)
  sink().push(1)
  await first
  expect(clock.holders).toBe(1)
  sink().push(2)
  await second
  expect(clock.holders).toBe(0)
  const third = iterator.next()
  await iterator.return?.()
  await third
  expect(clock.holders).toBe(0)
})
