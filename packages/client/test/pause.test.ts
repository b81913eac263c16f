import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import type { Clock } from '../src/clock.ts'
import { pause } from '../src/pause.ts'

/** A clock that a test moves. */
class Hand implements Clock {
  fire: (() => void) | null = null
  delayMs = 0

  monotonicMs(): number {
    return 0
  }

  after(delayMs: number, fire: () => void): { cancel(): void } {
    this.delayMs = delayMs
    this.fire = fire
    return { cancel: () => (this.fire = null) }
  }

  hold(): void {}

  letGo(): void {}
}

test('a pause ends when its time has come and leaves nothing on the signal', async () => {
  const clock = new Hand()
  const stop = new AbortController()
  const pausing = pause(clock, 25, stop.signal)
  expect(clock.delayMs).toBe(25)
  clock.fire?.()
  await pausing
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
})

test('an abort ends a pause early and stops the timer', async () => {
  const clock = new Hand()
  const stop = new AbortController()
  const pausing = pause(clock, 25, stop.signal)
  stop.abort(new Error('enough'))
  await expect(pausing).rejects.toThrow('enough')
  expect(clock.fire).toBeNull()
})

test('a pause under a signal that has aborted does not begin', async () => {
  const clock = new Hand()
  await expect(pause(clock, 25, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  expect(clock.fire).toBeNull()
})
