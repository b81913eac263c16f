/** Until when a client that hears nothing believes that it is heard. guards: J3 */
import { expect, test } from 'vitest'
import { Tether } from '../../src/pipe/tether.ts'
import { FakeClock } from '../fake-clock.ts'

function tethered(): { readonly clock: FakeClock; readonly tether: Tether; snapped: () => number } {
  const clock = new FakeClock()
  let snaps = 0
  const tether = new Tether(clock, () => {
    snaps += 1
  })
  return { clock, tether, snapped: () => snaps }
}

test('a tether that was never tied does not snap', () => {
  const { clock, tether, snapped } = tethered()
  clock.advance(1_000_000)
  tether.check()
  expect(snapped()).toBe(0)
})

test('each contact puts the end off; it snaps once, when the last one is too old', () => {
  const { clock, tether, snapped } = tethered()
  for (let contact = 0; contact < 10; contact += 1) {
    tether.hold(clock.monotonicMs() + 100)
    clock.advance(99)
  }
  expect(snapped()).toBe(0)
  clock.advance(1)
  expect(snapped()).toBe(1)
  clock.advance(1_000)
  expect(snapped()).toBe(1)
  expect(clock.pending).toBe(0)
})

test('an end that comes nearer is kept', () => {
  const { clock, tether, snapped } = tethered()
  tether.hold(clock.monotonicMs() + 1_000)
  tether.hold(clock.monotonicMs() + 100)
  clock.advance(100)
  expect(snapped()).toBe(1)
})

test('after a stall it has snapped before a contact that was late is counted', () => {
  const { clock, tether, snapped } = tethered()
  tether.hold(clock.monotonicMs() + 100)
  clock.stall(100)
  tether.hold(clock.monotonicMs() + 100)
  expect(snapped()).toBe(1)
  clock.advance(1_000)
  expect(snapped()).toBe(1)
})

test('after a stall it snaps as soon as somebody asks', () => {
  const { clock, tether, snapped } = tethered()
  tether.hold(clock.monotonicMs() + 100)
  clock.stall(100)
  tether.check()
  expect(snapped()).toBe(1)
})

test('a tether that was cut does not snap', () => {
  const { clock, tether, snapped } = tethered()
  tether.hold(clock.monotonicMs() + 100)
  tether.cut()
  clock.advance(1_000)
  tether.check()
  expect(snapped()).toBe(0)
})
