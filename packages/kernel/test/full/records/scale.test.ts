/**
 * Many records. Nothing is timed here: with anything quadratic these tests do not end within the runner's patience.
 */
import { expect, test } from 'vitest'
import { Desk, create, get, grant, put, range } from '../../records/desk.ts'
import { watch } from '../../records/watching.ts'

const RECORDS = 100_000

// guards: K3
test('100,000 records of one lease end with it under one version, and with nothing else', () => {
  const desk = new Desk()
  desk.node.keeps = false
  desk.tell(grant(1_000n))
  for (let index = 0; index < RECORDS; index++)
    desk.tell(create(`leased ${index}`, '', { lease: 1n }))
  for (let index = 0; index < 10; index++) desk.tell(create(`free ${index}`, ''))
  const before = desk.node.kernel.commitNumber
  expect(desk.node.advance(1_000).writes).toHaveLength(RECORDS + 1)
  expect(desk.node.kernel.commitNumber).toBe(before + 1n)
  expect(desk.keys()).toHaveLength(10)
})

test('100,000 leases of one session run and stand still with it, and end with it', () => {
  const desk = new Desk()
  desk.node.keeps = false
  for (let lease = 0; lease < RECORDS; lease++) desk.tell(grant(20_000n, true))
  for (let round = 0; round < 3; round++) {
    desk.node.detach(1n)
    desk.node.advance(9_999)
    desk.node.attach(1n)
  }
  expect(desk.node.kernel.statistics()).toMatchObject({ recordLeases: RECORDS })
  const stop = { kind: 'stop', stream: 1, session: 1n, requestId: 1n } as const
  expect(desk.node.kernel.apply(stop, desk.node.nowMs).events).toHaveLength(1)
  expect(desk.node.kernel.statistics()).toMatchObject({ recordLeases: 0 })
  expect(desk.node.kernel.nextDeadlineMs()).toBe(Infinity)
})

test('64 held moments see 100,000 later writes of few records', () => {
  const desk = new Desk()
  desk.node.keeps = false
  for (const key of ['a', 'b', 'c']) desk.tell(create(key, 'x'))
  for (let write = 0; write < RECORDS; write++) {
    if (write % 1_000 === 0) desk.tell(range('', null, { limit: 1, hold: true }))
    desk.tell(put('b', 'y'))
    desk.tell(get('b'))
  }
  const { valueMemoryBytes } = desk.node.kernel.statistics()
  expect(valueMemoryBytes).toBe(3 + 64)
})

// guards: O5
test('10,000 watches of quiet ranges come back over 100,000 commits', () => {
  const desk = new Desk()
  desk.node.keeps = false
  for (let write = 0; write < RECORDS; write++) desk.tell(put(`busy ${write % 1_000}`, ''))
  for (let index = 0; index < 10_000; index++) {
    expect(desk.tell(watch(`quiet ${index}`, `quiet ${index}!`, 1n))).toEqual([])
  }
  expect(desk.node.kernel.statistics()).toMatchObject({ recordWatches: 10_000 })
})
