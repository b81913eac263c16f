// guards: X7
import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { onAbort, untilAbort } from '../src/abort.ts'
import { openWorld, WORLDS } from './worlds.ts'

test('any number of calls put one listener on a signal, and the last one takes it off', () => {
  const { signal } = new AbortController()
  const deafen = Array.from({ length: 1000 }, () => onAbort(signal, () => {}))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  for (const each of deafen) each()
  for (const again of deafen) again()
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('each call is told the reason once, in the order in which they came', () => {
  const controller = new AbortController()
  const told: string[] = []
  onAbort(controller.signal, (reason) => told.push(`first ${String(reason)}`))
  onAbort(controller.signal, (reason) => told.push(`second ${String(reason)}`))
  controller.abort('enough')
  expect(told).toEqual(['first enough', 'second enough'])
  expect(getEventListeners(controller.signal, 'abort')).toEqual([])
})

test('a call that another one ends while both are being told is not told', () => {
  const controller = new AbortController()
  const told: string[] = []
  onAbort(controller.signal, () => {
    told.push('first')
    deafen()
  })
  const deafen = onAbort(controller.signal, () => told.push('second'))
  controller.abort()
  expect(told).toEqual(['first'])
})

test('a promise goes unheard once the signal has aborted', async () => {
  const controller = new AbortController()
  const heard = untilAbort(new Promise<void>(() => {}), controller.signal)
  controller.abort('enough')
  await expect(heard).rejects.toBe('enough')
  await expect(untilAbort(Promise.resolve(), controller.signal)).rejects.toBe('enough')
})

test.for(WORLDS)(
  'S0-08: a thousand acquires on one signal are no leak for Node, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using holder = await world.session()
    await using held = await holder.mutex('door').lock()
    await using session = await world.session()
    const warnings: Error[] = []
    const warn = (warning: Error): number => warnings.push(warning)
    process.on('warning', warn)
    const controller = new AbortController()
    const calls = Array.from({ length: 1000 }, () => session.mutex('door').lock(controller.signal))
    const observed = Array.from({ length: 20 }, () =>
      session.election('chair').observe(controller.signal).next(),
    )
    await Promise.all(observed)
    controller.abort(new Error('enough'))
    const results = await Promise.allSettled(calls)
    // A warning is emitted on the next tick.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', warn)
    expect(results.every(({ status }) => status === 'rejected')).toBe(true)
    expect(warnings).toEqual([])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    expect(held.signal.aborted).toBe(false)
  },
)
