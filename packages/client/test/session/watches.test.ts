// A fake link: the order of changes, answers and reconnects must be the test's choice.
import { expect, test } from 'vitest'
import { NotFoundError } from '../../src/errors.ts'
import type { Answer } from '../../src/link/link.ts'
import { fakeSession, isFulfilled, settled } from '../fake-link.ts'
import { described, iterate, owner, reconnect, text, watched } from './watching.ts'

const ABSENT: Answer = { kind: 'refused', code: 'NOT_FOUND', message: '' }

test('S0-12: a watch yields the state at once, then again after a change', async () => {
  const { session, link } = await fakeSession()
  const watch = iterate(session.semaphore('a').watch({ data: true }))
  const first = watch.next()
  expect(link.last.last.request).toMatchObject({
    watchData: true,
    watchOwners: false,
    owners: false,
  })
  link.last.last.answer(described('1'))
  expect(text(await first)).toBe('1')
  const second = watch.next()
  link.last.last.changed?.()
  link.last.last.answer(described('2'))
  expect(text(await second)).toBe('2')
})

test('defect "second watch killing the first": watchers of one name share one watch on the wire, with all their flags', async () => {
  const { session, link } = await fakeSession()
  const semaphore = session.semaphore('a')
  const data = iterate(semaphore.watch({ data: true }))
  const owners = iterate(semaphore.watch({ owners: true }))
  const firstData = data.next()
  link.last.last.answer(described('1'))
  expect(text(await firstData)).toBe('1')
  const firstOwners = owners.next()
  const replaced = link.last.sent[0]
  expect(link.last.last.request).toMatchObject({ watchData: true, watchOwners: true })
  replaced?.changed?.()
  link.last.last.answer(described('1', [owner(1n)]))
  expect(text(await firstOwners)).toBe('1')
  expect(link.last.sent).toHaveLength(2)

  const nextData = data.next()
  const nextOwners = owners.next()
  link.last.last.changed?.()
  link.last.last.answer(described('2', [owner(2n)]))
  expect(text(await nextData)).toBe('2')
  expect(text(await nextOwners)).toBe('2')
})

test('a watcher hears only of changes of what it asked for', async () => {
  const { session, link } = await fakeSession()
  const data = await watched({ session, link }, { data: true })
  const owners = await watched({ session, link }, { owners: true })
  const nextData = data.next()
  const nextOwners = owners.next()
  link.last.last.changed?.()
  link.last.last.answer(described('1', [owner(1n)]))
  await nextOwners
  expect(await isFulfilled(nextData)).toBe(false)
  link.last.last.changed?.()
  link.last.last.answer(described('2', [owner(1n)]))
  expect(text(await nextData)).toBe('2')
})

test('a change of owner data alone is a change', async () => {
  const { session, link } = await fakeSession()
  const watch = iterate(session.semaphore('a').watch({ owners: true }))
  const first = watch.next()
  link.last.last.answer(described('', [owner(1n, 'x')]))
  await first
  const second = watch.next()
  link.last.last.changed?.()
  link.last.last.answer(described('', [owner(1n, 'y')]))
  const { value } = await second
  expect(value?.owners[0]?.data).toEqual(new TextEncoder().encode('y'))
})

test('a slow reader gets the latest state only', async () => {
  const { session, link } = await fakeSession()
  const watch = iterate(session.semaphore('a').watch({ data: true }))
  const first = watch.next()
  for (const data of ['1', '2', '3', '4']) {
    link.last.last.answer(described(data))
    await settled()
    link.last.last.changed?.()
  }
  expect(text(await first)).toBe('1')
  expect(text(await watch.next())).toBe('4')
})

test('changes while a describe is under way make one more describe', async () => {
  const { session, link } = await fakeSession()
  const semaphore = session.semaphore('a')
  const watches = Array.from({ length: 100 }, () => iterate(semaphore.watch({ data: true })))
  const firsts = watches.map((watch) => watch.next())
  expect(link.last.sent).toHaveLength(1)
  link.last.last.answer(described('1'))
  expect(link.last.sent).toHaveLength(2)
  link.last.last.answer(described('1'))
  expect((await Promise.all(firsts)).map(text)).toEqual(Array(100).fill('1'))
})

test('a watcher that comes later sees what the program did just before', async () => {
  const { session, link } = await fakeSession()
  const semaphore = session.semaphore('a')
  const early = iterate(semaphore.watch({ data: true }))
  void early.next()
  // The first describe is under way, and answers with what was before the program wrote.
  const late = iterate(semaphore.watch({ data: true }))
  const first = late.next()
  link.last.last.answer(described('old'))
  link.last.last.answer(described('new'))
  expect(text(await first)).toBe('new')
})

// guards: W3
test('a reconnect sets the watch again and yields what has changed meanwhile', async () => {
  const world = await fakeSession()
  const watch = iterate(world.session.semaphore('a').watch({ data: true }))
  const first = watch.next()
  world.link.last.last.answer(described('1'))
  await first
  const second = watch.next()
  reconnect(world)
  expect(world.link.last.last.request).toMatchObject({ kind: 'describe', watchData: true })
  world.link.last.last.answer(described('2'))
  expect(text(await second)).toBe('2')
})

// guards: W1, W3
test('S0-12: a watch that asks for waiters looks for them, since no server tells of the queue alone', async () => {
  const { session, link, clock } = await fakeSession()
  const watch = await watched({ session, link }, { waiters: true })
  const second = watch.next()
  clock.advance(500)
  link.last.last.answer(described('1'))
  expect(await isFulfilled(second)).toBe(false)
  clock.advance(500)
  link.last.last.answer(described('1', [], [owner(4n)]))
  expect((await second).value).toMatchObject({ waiters: [{ orderId: 4n }] })
  await watch.return?.()
  clock.advance(5_000)
  expect(link.last.of('describe')).toHaveLength(3)
})

test('a reconnect without a change yields nothing', async () => {
  const world = await fakeSession()
  const watch = iterate(world.session.semaphore('a').watch({ data: true }))
  const first = watch.next()
  world.link.last.last.answer(described('1'))
  await first
  const second = watch.next()
  reconnect(world)
  world.link.last.last.answer(described('1'))
  expect(await isFulfilled(second)).toBe(false)
})

test('defect "idle watch not ending on abort": an abort ends a watch that waits, by throwing the reason', async () => {
  const { session, link } = await fakeSession()
  const controller = new AbortController()
  const watch = await watched({ session, link }, { data: true }, controller.signal)
  const second = watch.next()
  controller.abort('enough')
  await expect(second).rejects.toBe('enough')
  expect(await watch.next()).toMatchObject({ done: true })
})

test('the end of the session ends a watch, by throwing its reason', async () => {
  const { session, link } = await fakeSession()
  const watch = iterate(session.semaphore('a').watch())
  const first = watch.next()
  link.last.refuse('SESSION_EXPIRED')
  await expect(first).rejects.toBe(session.signal.reason)
  await expect(iterate(session.semaphore('a').watch()).next()).rejects.toBe(session.signal.reason)
})

test('after break nobody watches: a change leads to no message', async () => {
  const { session, link } = await fakeSession()
  const watch = await watched({ session, link }, { data: true })
  await watch.return?.()
  link.last.last.changed?.()
  expect(link.last.sent).toHaveLength(1)
})

test('a watch of an absent semaphore throws NotFoundError', async () => {
  const { session, link } = await fakeSession()
  const first = iterate(session.semaphore('a').watch()).next()
  link.last.last.answer(ABSENT)
  await expect(first).rejects.toThrow(NotFoundError)
})

test('a watch throws NotFoundError when the semaphore is deleted', async () => {
  const { session, link } = await fakeSession()
  const watch = await watched({ session, link })
  link.last.last.changed?.()
  link.last.last.answer(ABSENT)
  await expect(watch.next()).rejects.toThrow(NotFoundError)
})

test('absent "wait": null is yielded while the semaphore is absent, and the server tells of its creation', async () => {
  const { session, link } = await fakeSession({}, { watchAbsent: true })
  const watch = iterate(session.semaphore('a').watch({ data: true, absent: 'wait' }))
  const first = watch.next()
  expect(link.last.last.request).toMatchObject({ watchAbsent: true })
  link.last.last.answer({ kind: 'described', description: null, watchAdded: true })
  expect(text(await first)).toBe('absent')
  link.last.last.changed?.()
  link.last.last.answer(described('1'))
  expect(text(await watch.next())).toBe('1')
})

test('absent "wait": a server that cannot watch an absent name is asked again now and then', async () => {
  const { session, link, clock } = await fakeSession({}, { watchAbsent: false })
  const watch = iterate(session.semaphore('a').watch({ data: true, absent: 'wait' }))
  const first = watch.next()
  expect(link.last.last.request).toMatchObject({ watchAbsent: false })
  link.last.last.answer(ABSENT)
  expect(text(await first)).toBe('absent')
  const second = watch.next()
  clock.advance(500)
  expect(link.last.sent).toHaveLength(2)
  link.last.last.answer(ABSENT)
  clock.advance(500)
  link.last.last.answer(described('1'))
  expect(text(await second)).toBe('1')
  await watch.return?.()
})

test('S0-07: a plain describe sets no watch and leaves the running one alone', async () => {
  const { session, link } = await fakeSession()
  const semaphore = session.semaphore('a')
  const watch = iterate(semaphore.watch({ data: true }))
  const first = watch.next()
  const armed = link.last.last
  armed.answer(described('1'))
  await first
  const plain = semaphore.describe({ owners: true, waiters: true })
  await settled()
  expect(link.last.last.request).toMatchObject({ watchData: false, watchOwners: false })
  link.last.last.answer(described('1'))
  await plain
  const second = watch.next()
  armed.changed?.()
  link.last.last.answer(described('2'))
  expect(text(await second)).toBe('2')
})

test('an overloaded server is asked again for a watch after a pause', async () => {
  const { session, link, clock } = await fakeSession()
  const watch = iterate(session.semaphore('a').watch({ data: true }))
  const first = watch.next()
  link.last.last.answer({ kind: 'refused', code: 'OVERLOADED', message: '' })
  clock.advance(100)
  link.last.last.answer(described('1'))
  expect(text(await first)).toBe('1')
})
