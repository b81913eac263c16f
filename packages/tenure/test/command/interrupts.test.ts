/** Who gets the signals that are sent to the command. */
import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { InterruptedError, Interrupts } from '../../src/command/interrupts.ts'

test('K3: a signal that nobody has taken ends what the command waits for', () => {
  const source = new EventEmitter()
  const interrupts = new Interrupts(source)
  source.emit('SIGTERM', 'SIGTERM')
  expect(interrupts.signal.reason).toEqual(new InterruptedError('SIGTERM'))
})

test('a change of the window size ends nothing', () => {
  const source = new EventEmitter()
  const interrupts = new Interrupts(source)
  source.emit('SIGWINCH', 'SIGWINCH')
  expect(interrupts.signal.aborted).toBe(false)
})

test('K3: diverted signals go to the receiver, until it gives them back', () => {
  const source = new EventEmitter()
  const interrupts = new Interrupts(source)
  const got: string[] = []
  const undivert = interrupts.divert((signal) => got.push(signal))
  source.emit('SIGHUP', 'SIGHUP')
  expect(got).toEqual(['SIGHUP'])
  expect(interrupts.signal.aborted).toBe(false)
  undivert()
  source.emit('SIGINT', 'SIGINT')
  expect(got).toEqual(['SIGHUP'])
  expect(interrupts.signal.aborted).toBe(true)
})

test('Ctrl-Z is without effect while signals are diverted, and only then', () => {
  const source = new EventEmitter()
  const interrupts = new Interrupts(source)
  const undivert = interrupts.divert(() => {})
  expect(source.listenerCount('SIGTSTP')).toBe(1)
  undivert()
  expect(source.listenerCount('SIGTSTP')).toBe(0)
})

test('a closed one leaves no listener behind', () => {
  const source = new EventEmitter()
  new Interrupts(source).close()
  expect(source.eventNames()).toEqual([])
})
