import { expect, test } from 'vitest'
import { DueClock } from '../../src/tablet/due-clock.ts'
import { ManualClock } from './manual-clock.ts'

const HOUR_MS = 3_600_000

test('what is due goes by the wall clock', async () => {
  const clock = new ManualClock()
  clock.wallAheadMs = 1_700_000_000_000
  const due = new DueClock(clock)
  expect(due.wallMs()).toBe(1_700_000_001_000)
  await clock.advance(2_500)
  expect(due.wallMs()).toBe(1_700_000_003_500)
})

// holds: S2-10
test('a wall clock that was set back an hour is not followed: time goes on at the same pace', async () => {
  const clock = new ManualClock()
  const due = new DueClock(clock)
  const beforeMs = due.wallMs()
  clock.wallAheadMs = -HOUR_MS
  await clock.advance(10_000)
  expect(due.wallMs() - beforeMs).toBe(10_000)
})

// holds: S2-10
test('a wall clock that was set forward is followed at once, and kept when it is set back', async () => {
  const clock = new ManualClock()
  const due = new DueClock(clock)
  const beforeMs = due.wallMs()
  clock.wallAheadMs = HOUR_MS
  expect(due.wallMs() - beforeMs).toBe(HOUR_MS)
  clock.wallAheadMs = 0
  await clock.advance(1_000)
  expect(due.wallMs() - beforeMs).toBe(HOUR_MS + 1_000)
})

// holds: S2-10
test('a machine that slept finds the time of day when it wakes', async () => {
  const clock = new ManualClock()
  const due = new DueClock(clock)
  const beforeMs = due.wallMs()
  // The monotonic clock stands still while the machine sleeps.
  clock.wallAheadMs += 8 * HOUR_MS
  await clock.advance(5)
  expect(due.wallMs() - beforeMs).toBe(8 * HOUR_MS + 5)
})
