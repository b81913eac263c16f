/** One stored or dead task that a person takes in hand. A fake link: answers must come late when the test wants. holds: S2-14 */
import { expect, test } from 'vitest'
import { NotFoundError } from '../../src/errors.ts'
import { settled } from '../fake-link.ts'
import { bytes, DONE, fakePipe, handedOut, rejectionOf, texts } from './fake-pipe.ts'

test('S2-14: a task that is taken is driven here, with all its records', async () => {
  const { pipe, link, start } = fakePipe()
  const taking = pipe.take('3.5')
  await start()
  expect(link.last.last.request).toEqual({ kind: 'take-task', task: { term: 3n, index: 5n } })
  link.last.last.answer(
    handedOut(5n, { attempt: 3, repeats: 2, records: [bytes('a')], more: true }),
  )
  await settled()
  expect(link.last.last.request).toMatchObject({ kind: 'read-task', from: 1, attempt: 3 })
  link.last.last.answer({ kind: 'task-records', records: [bytes('b')], more: false })
  const { task, records, ...handOut } = await taking
  expect(handOut).toEqual({ path: '/local/test', theme: 7, attempt: 3, repeats: 2 })
  expect(texts(records)).toEqual(['a', 'b'])
  const deleting = task.delete()
  expect(link.last.last.request).toMatchObject({ kind: 'delete-task', attempt: 3 })
  link.last.last.answer(DONE)
  await deleting
})

test('a task that was taken although nobody waits any more goes back', async () => {
  const { pipe, link, start } = fakePipe()
  const controller = new AbortController()
  const failure = rejectionOf(pipe.take('3.5', controller.signal))
  await start()
  controller.abort(new Error('enough'))
  expect(await failure).toBe(controller.signal.reason)
  link.last.last.answer(handedOut(5n, { attempt: 3 }))
  await settled()
  expect(link.last.last.request).toMatchObject({ kind: 'store-task', attempt: 3 })
})

test('a task whose records cannot be read goes back', async () => {
  const { pipe, link, start } = fakePipe()
  const failure = rejectionOf(pipe.take('3.5'))
  await start()
  link.last.last.answer(handedOut(5n, { more: true }))
  await settled()
  link.last.last.answer({ kind: 'refused', code: 'INTERNAL', message: '' })
  await settled()
  expect(link.last.last.request).toMatchObject({ kind: 'store-task' })
  link.last.last.answer(DONE)
  expect(await failure).toMatchObject({ code: 'INTERNAL' })
})

test('a task that is not there cannot be taken', async () => {
  const { pipe, link, start } = fakePipe()
  const failure = rejectionOf(pipe.take('3.5'))
  await start()
  link.last.last.answer({ kind: 'refused', code: 'NOT_FOUND', message: 'no such task' })
  expect(await failure).toBeInstanceOf(NotFoundError)
  expect(await failure).toMatchObject({
    message: expect.stringMatching(/^cannot take task 3\.5 of the log of "\/local\/test"/),
  })
})
