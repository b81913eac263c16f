import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { pause } from '../src/pause.ts'
import { FakeClock } from './fake-clock.ts'

test('a pause ends when its time has come and leaves nothing on the signal', async () => {
  const clock = new FakeClock()
  const stop = new AbortController()
  const pausing = pause(clock, 25, stop.signal)
  expect(clock.nextMs).toBe(25)
  clock.advance(25)
  await pausing
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
})

test('an abort ends a pause early and stops the timer', async () => {
  const clock = new FakeClock()
  const stop = new AbortController()
  const pausing = pause(clock, 25, stop.signal)
  stop.abort(new Error('enough'))
  await expect(pausing).rejects.toThrow('enough')
  expect(clock.pending).toBe(0)
})

test('a pause under a signal that has aborted does not begin', async () => {
  const clock = new FakeClock()
  await expect(pause(clock, 25, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  expect(clock.pending).toBe(0)
})
