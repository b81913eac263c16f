// A fake link: the order of states, answers and reconnects must be the test's choice.
import { expect, test } from 'vitest'
import { NotFoundError } from '../../src/errors.ts'
import type { SemaphoreDescription } from '../../src/semaphore.ts'
import { fakeSession, isFulfilled, settled } from '../fake-link.ts'
import { described, iterate, owner, reconnect, text, watched } from './watching.ts'

const NOTHING = { kind: 'described', description: null, watchAdded: true } as const

test('a watch that stands yields each state that it is shown, and asks nothing more', async () => {
  const { session, link } = await fakeSession()
  const watch = iterate(session.semaphore('a').watch({ data: true }))
  const first = watch.next()
  const asked = link.last.last
  expect(asked.request).toMatchObject({ watchData: true, watchStands: true })
  asked.answer(described('1'))
  expect(text(await first)).toBe('1')
  const second = watch.next()
  asked.shown?.(described('2'))
  expect(text(await second)).toBe('2')
  const third = watch.next()
  asked.shown?.(described('3'))
  expect(text(await third)).toBe('3')
  expect(link.last.sent).toHaveLength(1)
})

// guards: W3
test('a slow reader of a watch that stands gets the latest state only', async () => {
  const { session, link } = await fakeSession()
  const watch = await watched({ session, link }, { data: true })
  for (const data of ['2', '3', '4']) {
    link.last.last.shown?.(described(data))
    await settled()
  }
  expect(text(await watch.next())).toBe('4')
  expect(await isFulfilled(watch.next())).toBe(false)
})

test('a state that is shown twice is yielded once', async () => {
  const { session, link } = await fakeSession()
  const watch = await watched({ session, link }, { data: true })
  const second = watch.next()
  link.last.last.shown?.(described('1'))
  expect(await isFulfilled(second)).toBe(false)
  link.last.last.shown?.(described('2'))
  expect(text(await second)).toBe('2')
})

test('watchers of one name that stands are each told of what they asked for', async () => {
  const { session, link } = await fakeSession()
  const data = await watched({ session, link }, { data: true })
  const owners = await watched({ session, link }, { owners: true })
  const [nextData, nextOwners] = [data.next(), owners.next()]
  link.last.last.shown?.(described('1', [owner(1n)]))
  expect((await nextOwners).value).toMatchObject({ owners: [{ orderId: 1n }] })
  expect(await isFulfilled(nextData)).toBe(false)
  link.last.last.shown?.(described('2', [owner(1n)]))
  expect(text(await nextData)).toBe('2')
  expect(link.last.sent).toHaveLength(2)
})

test('a watch that nobody wants as wide any more is set anew after its next state', async () => {
  const { session, link } = await fakeSession()
  const data = await watched({ session, link }, { data: true })
  const owners = await watched({ session, link }, { owners: true })
  await owners.return?.()
  expect(link.last.sent).toHaveLength(2)
  const second = data.next()
  link.last.last.shown?.(described('2', [owner(1n)]))
  expect(text(await second)).toBe('2')
  expect(link.last.last.request).toMatchObject({ owners: false, watchOwners: false })
  expect(link.last.sent).toHaveLength(3)
})

// guards: W3
test('after a reconnect a watch stands anew, and what the old one is still shown is not yielded', async () => {
  const world = await fakeSession()
  const watch = iterate(world.session.semaphore('a').watch({ data: true }))
  const first = watch.next()
  const before = world.link.last.last
  before.answer(described('1'))
  await first
  const second = watch.next()
  reconnect(world)
  before.shown?.(described('late'))
  expect(await isFulfilled(second)).toBe(false)
  world.link.last.last.answer(described('2'))
  expect(text(await second)).toBe('2')
  const third = watch.next()
  world.link.last.last.shown?.(described('3'))
  expect(text(await third)).toBe('3')
})

test('what a watch is shown after the one that replaced it was asked for is not yielded', async () => {
  const { session, link } = await fakeSession()
  const semaphore = session.semaphore('a')
  const early = iterate(semaphore.watch({ data: true }))
  const first = early.next()
  const replaced = link.last.last
  replaced.answer(described('1'))
  await first
  const second = early.next()
  const late = iterate(semaphore.watch({ data: true }))
  const lateFirst = late.next()
  replaced.shown?.(described('old'))
  link.last.last.answer(described('new'))
  replaced.shown?.(described('old'))
  expect(text(await second)).toBe('new')
  expect(text(await lateFirst)).toBe('new')
})

test('a watch that is told of a change is set again: an older server knows no watch that stands', async () => {
  const { session, link } = await fakeSession()
  const watch = await watched({ session, link }, { data: true })
  const second = watch.next()
  link.last.last.changed?.()
  link.last.last.answer(described('2'))
  expect(text(await second)).toBe('2')
  expect(link.last.sent).toHaveLength(2)
})

test('a watch is forgotten when the last of its watchers leaves, and not before', async () => {
  const { session, link } = await fakeSession()
  const semaphore = session.semaphore('a')
  const watches = [1, 2].map(() => iterate(semaphore.watch({ data: true })))
  const firsts = watches.map((watch) => watch.next())
  link.last.last.answer(described('1'))
  link.last.last.answer(described('1'))
  await Promise.all(firsts)
  await watches[0]?.return?.()
  expect(link.last.forgotten).toEqual([])
  await watches[1]?.return?.()
  expect(link.last.forgotten).toEqual([1])
  link.last.last.shown?.(described('2'))
  expect(link.last.sent).toHaveLength(2)

  const again = iterate(semaphore.watch({ data: true })).next()
  link.last.last.answer(described('2'))
  expect(text(await again)).toBe('2')
})

test('a watch that is left before its first state is forgotten, too', async () => {
  const { session, link } = await fakeSession()
  const watch = iterate(session.semaphore('a').watch({ data: true }))
  const first = watch.next()
  await watch.return?.()
  expect(await first).toMatchObject({ done: true })
  expect(link.last.forgotten).toEqual([0])
})

test('a watch throws NotFoundError when it is shown that the semaphore is gone, and stands no more', async () => {
  const { session, link } = await fakeSession()
  const watch = await watched({ session, link })
  const second = watch.next()
  link.last.last.shown?.(NOTHING)
  await expect(second).rejects.toThrow(NotFoundError)
  expect(link.last.forgotten).toEqual([0])
  expect(link.last.sent).toHaveLength(1)
})

test('absent "wait": null is yielded when the semaphore is gone, then the next one of its name', async () => {
  const { session, link } = await fakeSession({}, { watchAbsent: true })
  const strict = await watched({ session, link }, { data: true })
  const watch = await watched({ session, link }, { data: true, absent: 'wait' })
  const [lost, second] = [strict.next(), watch.next()]
  link.last.last.shown?.(NOTHING)
  await expect(lost).rejects.toThrow(NotFoundError)
  expect(text(await second)).toBe('absent')
  const third = watch.next()
  link.last.last.shown?.(described('2'))
  expect(text(await third)).toBe('2')
  expect(link.last.sent).toHaveLength(2)
})

test('the end of the session ends a watch that stands, and drops the state that was not read', async () => {
  const { session, link } = await fakeSession()
  const watch = await watched({ session, link }, { data: true })
  link.last.last.shown?.(described('2'))
  link.last.refuse('SESSION_EXPIRED')
  link.last.last.shown?.(described('3'))
  await expect(watch.next()).rejects.toBe(session.signal.reason)
  expect(await watch.next()).toMatchObject({ done: true })
})

test('a watch that asks for waiters shows them with each state, and looks for them besides', async () => {
  const { session, link, clock } = await fakeSession()
  const watch = iterate<SemaphoreDescription>(
    session.semaphore('a').watch({ owners: true, waiters: true }),
  )
  const first = watch.next()
  link.last.last.answer(described('1'))
  await first
  const second = watch.next()
  link.last.last.shown?.(described('1', [owner(1n)], [owner(2n)]))
  expect((await second).value).toMatchObject({ waiters: [{ orderId: 2n }] })
  const third = watch.next()
  clock.advance(500)
  expect(link.last.sent).toHaveLength(2)
  link.last.last.answer(described('1', [owner(1n)], [owner(2n), owner(3n)]))
  expect((await third).value).toMatchObject({ waiters: [{ orderId: 2n }, { orderId: 3n }] })
})
