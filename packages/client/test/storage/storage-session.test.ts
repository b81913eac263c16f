/**
 * The session of a storage: lost, reopened, away. A fake link: the moment at which a session is lost must be the test's choice.
 *
 * guards: K1, L2
 */
import { expect, test } from 'vitest'
import { NotFoundError, UnavailableError, UnsupportedError } from '../../src/errors.ts'
import type { RefusalCode } from '../../src/link/link.ts'
import { isFulfilled, settled } from '../fake-link.ts'
import { fakeStorage, message, rejectionOf, written } from './fake-storage.ts'

function refused(code: RefusalCode): { kind: 'refused'; code: RefusalCode; message: string } {
  return { kind: 'refused', code, message: 'says the test' }
}

test('the session is opened on first use, and is one for all calls', async () => {
  const { storage, client, link, start } = fakeStorage()
  expect(link.attachments).toHaveLength(0)
  const calls = [storage.get('a'), client.storage('/local/test').get('b')]
  await start()
  expect(link.attachments).toHaveLength(1)
  for (const { answer } of link.last.of('get-record')) {
    answer({ kind: 'record-read', record: message('a', 1n) })
  }
  await Promise.all(calls)
})

test('a write is sent again with its number when the connection broke, not when its session is lost', async () => {
  const { storage, link, start, reconnect } = fakeStorage()
  const put = storage.put({ key: 'a', value: '' })
  await start()
  const [first] = link.last.of('put-record')
  expect(first?.request.change).toEqual({ serial: 1n, settledBelow: 1n })
  await reconnect()
  const [second] = link.last.of('put-record')
  expect(second?.request.change).toEqual({ serial: 1n, settledBelow: 1n })
  const failure = rejectionOf(put)
  link.last.refuse('SESSION_EXPIRED')
  expect(await failure).toBeInstanceOf(UnavailableError)
  expect(await failure).toMatchObject({ message: expect.stringMatching(/outcome is unknown/) })
  expect(link.attachments).toHaveLength(2)
})

test('a write that was never sent goes on in the next session, with a number of that', async () => {
  const { storage, link, clock, start } = fakeStorage()
  const first = storage.put({ key: 'a', value: '1' })
  await start()
  link.last.last.answer(written(1n))
  await first
  link.last.break()
  const second = storage.put({ key: 'a', value: '2' })
  clock.advance(1_000)
  link.last.refuse('SESSION_EXPIRED')
  await start(8n)
  const [sent] = link.last.of('put-record')
  expect(sent?.request.change).toEqual({ serial: 1n, settledBelow: 1n })
  sent?.answer(written(2n))
  expect(await second).toBe(2n)
})

test('reads and waits go on in the next session', async () => {
  const { storage, link, start, renew } = fakeStorage()
  const got = storage.get('a')
  const waited = storage.waitForVersionChange('a', 5n)
  await start()
  await renew(8n)
  expect(link.last.sent.map(({ request }) => request.kind)).toEqual(['get-record', 'wait-record'])
  link.last.sent[0]?.answer({ kind: 'record-read', record: message('a', 5n) })
  link.last.sent[1]?.answer({ kind: 'record-read', record: message('a', 6n) })
  expect(await got).toMatchObject({ version: 5n })
  expect(await waited).toMatchObject({ version: 6n })
})

test('a call waits ten seconds for a server that is away, and says whether it may have been done', async () => {
  const { storage, link, clock, start } = fakeStorage()
  const never = storage.put({ key: 'a', value: '' })
  const failure = rejectionOf(never)
  clock.advance(9_999)
  expect(await isFulfilled(never.catch(() => undefined))).toBe(false)
  clock.advance(1)
  expect(await failure).toMatchObject({ message: expect.stringMatching(/it was not done/) })
  const sent = storage.put({ key: 'a', value: '' })
  const read = storage.get('a')
  await settled()
  await start()
  expect(link.last.sent).toHaveLength(2)
  const failures = [rejectionOf(sent), rejectionOf(read)]
  clock.advance(10_000)
  expect(await Promise.all(failures)).toMatchObject([
    { message: expect.stringMatching(/outcome is unknown/) },
    { message: expect.stringMatching(/no answer/) },
  ])
})

test('a server that is away for hours ends no wait', async () => {
  const { storage, link, clock, start } = fakeStorage()
  const wait = storage.waitForVersionChange('a', 5n)
  await start()
  link.last.break()
  for (let minute = 0; minute < 120; minute += 1) {
    clock.advance(60_000)
    await settled()
  }
  expect(await isFulfilled(wait)).toBe(false)
  await start(8n)
  link.last.last.answer({ kind: 'record-read', record: null })
  expect(await wait).toBeNull()
})

test('a record that is gone after a reconnect was deleted while the wait was on', async () => {
  const { storage, link, start, reconnect } = fakeStorage()
  const deleted = storage.waitForVersionChange('a', 5n)
  await start()
  await reconnect()
  link.last.last.answer(refused('NOT_FOUND'))
  expect(await deleted).toBeNull()
  const absent = storage.waitForVersionChange('a', 5n)
  link.last.last.answer(refused('NOT_FOUND'))
  await expect(absent).rejects.toThrow(NotFoundError)
  // Nobody has seen version 0: a wait with it ends at once while there is a record.
  const never = storage.waitForVersionChange('a', 0n)
  await reconnect()
  link.last.last.answer(refused('NOT_FOUND'))
  await expect(never).rejects.toThrow(NotFoundError)
})

test('the server is told of a wait that is given up, and of nothing else', async () => {
  const { storage, link, start } = fakeStorage()
  const controller = new AbortController()
  const calls = [
    storage.get('a', controller.signal),
    storage.waitForVersionChange('a', 5n, controller.signal),
    storage.put({ key: 'a', value: '' }, {}, controller.signal),
  ]
  const ends = Promise.allSettled(calls)
  await start()
  controller.abort('enough')
  for (const end of await ends) expect(end).toMatchObject({ reason: 'enough' })
  const wait = link.last.sent.findIndex(({ request }) => request.kind === 'wait-record')
  expect(link.last.forgotten).toEqual([wait])
})

test('calls that are given up while the session opens end the attempt', async () => {
  const { storage, link, clock } = fakeStorage()
  const controller = new AbortController()
  const got = storage.get('a', controller.signal)
  controller.abort('enough')
  await expect(got).rejects.toBe('enough')
  await settled()
  expect(link.last.isLeft).toBe(true)
  expect(clock.holders).toBe(0)
  void storage.get('a').catch(() => undefined)
  expect(link.attachments).toHaveLength(2)
})

test('a server without records is told of at once, and asked again by the next call', async () => {
  const { storage, link } = fakeStorage()
  for (const count of [1, 2]) {
    const failure = rejectionOf(storage.get('a'))
    expect(link.attachments).toHaveLength(count)
    link.last.start({ hasRecords: false })
    await settled()
    link.last.listener.ended({ kind: 'stopped' })
    expect(await failure).toBeInstanceOf(UnsupportedError)
    expect(link.last.isStopped).toBe(true)
  }
})

test('a node that is gone ends all that waits', async () => {
  const { storage, link, start } = fakeStorage()
  const failure = rejectionOf(storage.waitForVersionChange('a', 5n))
  await start()
  link.last.refuse('NOT_FOUND')
  link.last.refuse('NOT_FOUND')
  expect(await failure).toBeInstanceOf(NotFoundError)
})

test('a client that is closed while the session opens leaves nothing behind', async () => {
  const { storage, client, link, clock } = fakeStorage()
  const failure = rejectionOf(storage.get('a'))
  await client.close()
  expect(await failure).toMatchObject({ code: 'CLIENT_CLOSED' })
  expect(link.last.isLeft).toBe(true)
  expect(clock.pending).toBe(0)
  expect(clock.holders).toBe(0)
})

test('a client that is closed stops the session and leaves nothing behind', async () => {
  const { storage, client, link, clock, start } = fakeStorage()
  const failure = rejectionOf(storage.get('a'))
  await start()
  const closed = client.close()
  expect(link.last.isStopped).toBe(true)
  link.last.listener.ended({ kind: 'stopped' })
  await closed
  expect(await failure).toMatchObject({ code: 'CLIENT_CLOSED' })
  expect(clock.pending).toBe(0)
  expect(clock.holders).toBe(0)
})

test('an overloaded server is an error for a first attempt, and asked again for what may have been done', async () => {
  const { storage, link, clock, start, reconnect } = fakeStorage()
  const first = storage.put({ key: 'a', value: '' })
  await start()
  link.last.last.answer(refused('OVERLOADED'))
  await expect(first).rejects.toMatchObject({ code: 'OVERLOADED' })
  const second = storage.put({ key: 'a', value: '' })
  await reconnect()
  link.last.last.answer(refused('OVERLOADED'))
  clock.advance(1_000)
  expect(link.last.of('put-record')).toHaveLength(2)
  link.last.last.answer(written(3n))
  expect(await second).toBe(3n)
})

// guards: L2
test('after a reconnect a write waits for an older one of its keys, whichever calls have them', async () => {
  const { storage, link, clock, start, reconnect } = fakeStorage()
  const calls = [
    storage.put({ key: 'a', value: '' }),
    storage.transact({
      if: [{ key: 'z', exists: false }],
      then: [
        { kind: 'put', key: 'a', value: '' },
        { kind: 'put', key: 'b', value: '' },
      ],
    }),
    storage.delete('b'),
    storage.put({ key: 'z', value: '' }),
  ]
  await start()
  await reconnect()
  calls.push(storage.create({ key: 'b', value: '' }), storage.put({ key: 'y', value: '' }))
  const kinds = (): string[] => link.last.sent.map(({ request }) => request.kind)
  expect(kinds()).toEqual(['put-record', 'put-record', 'put-record'])
  link.last.sent[0]?.answer(refused('UNAVAILABLE'))
  clock.advance(1_000)
  expect(kinds()).toHaveLength(4)
  link.last.sent[3]?.answer(written(1n))
  expect(kinds().slice(4)).toEqual(['transact'])
  link.last.last.answer({ kind: 'transacted', succeeded: true, version: 2n, records: [] })
  expect(kinds().slice(5)).toEqual(['delete-record'])
  link.last.last.answer({ kind: 'record-deleted', version: 3n })
  expect(kinds().slice(6)).toEqual(['create-record'])
  link.last.last.answer(written(4n))
  link.last.sent[1]?.answer(written(5n))
  link.last.sent[2]?.answer(written(6n))
  expect(await Promise.all(calls)).toHaveLength(6)
})

// guards: L2
test('after a reconnect a transaction waits for all older writes of its keys', async () => {
  const { storage, link, start, reconnect } = fakeStorage()
  const calls = [
    storage.put({ key: 'a', value: '' }),
    storage.put({ key: 'b', value: '' }),
    storage.transact({
      else: [
        { kind: 'put', key: 'a', value: '' },
        { kind: 'put', key: 'b', value: '' },
      ],
    }),
  ]
  await start()
  await reconnect()
  link.last.sent[0]?.answer(written(1n))
  expect(link.last.of('transact')).toHaveLength(0)
  link.last.sent[1]?.answer(written(2n))
  expect(link.last.of('transact')).toHaveLength(1)
  link.last.last.answer({ kind: 'transacted', succeeded: false, version: 3n, records: [] })
  expect(await Promise.all(calls)).toHaveLength(3)
})
