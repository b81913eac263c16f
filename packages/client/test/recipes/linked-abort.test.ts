import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { LinkedAbort } from '../../src/recipes/linked-abort.ts'

test('a linked signal aborts with the reason of the source that aborts first', () => {
  const one = new AbortController()
  const other = new AbortController()
  const linked = new LinkedAbort(one.signal, undefined, other.signal)
  expect(linked.signal.aborted).toBe(false)
  other.abort('second')
  one.abort('first')
  expect(linked.signal.reason).toBe('second')
})

test('a linked signal of a source that has aborted is aborted', () => {
  expect(new LinkedAbort(AbortSignal.abort('long ago')).signal.reason).toBe('long ago')
})

test('a linked signal that is disposed leaves nothing on its sources and does not follow them', () => {
  const source = new AbortController()
  const linked = new LinkedAbort(source.signal)
  linked[Symbol.dispose]()
  expect(getEventListeners(source.signal, 'abort')).toEqual([])
  source.abort()
  expect(linked.signal.aborted).toBe(false)
})
