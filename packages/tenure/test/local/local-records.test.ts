/** Records over the link to a server in this process, without a client above it. */
import type { Answer, Request } from '@tenure/client'
import { openMemoryEngine } from '@tenure/engine/memory'
import { Host } from '@tenure/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LocalLink } from '../../src/local/local-link.ts'
import { WorldClock } from '../properties/world-clock.ts'
import { Listener, PATH } from './listener.ts'

let clock: WorldClock
let host: Host
let link: LocalLink

beforeEach(async () => {
  clock = new WorldClock()
  host = new Host({ engine: openMemoryEngine(), clock })
  const use = { host: Promise.resolve(host), release: () => host.close() }
  link = new LocalLink('memory:test', use, clock)
  await settled(link.createNode(PATH, {}))
})

afterEach(() => settled(link.close()))

async function settled<T>(promise: Promise<T>): Promise<T> {
  const [value] = await Promise.all([promise, clock.settle()])
  return value
}

async function begun(options: ConstructorParameters<typeof Listener>[1] = {}): Promise<Listener> {
  const listener = new Listener(link, options)
  await settled(listener.started)
  return listener
}

function ask(listener: Listener, request: Request): Promise<Answer> {
  return settled(listener.ask(request))
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const put = (key: string, value: string, lease: bigint | null = null): Request => ({
  kind: 'put-record',
  key: bytes(key),
  value: bytes(value),
  lease,
})
const get = (key: string): Request => ({ kind: 'get-record', key: bytes(key) })
const WHOLE = { start: bytes(''), end: null } as const
const PAGE = { limit: 0, after: null, hold: false, atVersion: 0n } as const

test('each request has its answer', async () => {
  const one = await begun()
  const [key, value] = [bytes('a'), bytes('1')]
  const record = { key, value, version: 1n, createdVersion: 1n, lease: 0n }
  const created = await ask(one, { kind: 'create-record', key, value, lease: 0n })
  expect(created).toEqual({ kind: 'record-written', version: 1n })
  expect(await ask(one, get('a'))).toEqual({ kind: 'record-read', record })
  expect(await ask(one, { kind: 'range-records', ...WHOLE, ...PAGE })).toEqual({
    kind: 'records-listed',
    records: [record],
    version: 1n,
    more: false,
  })
  const two = bytes('2')
  expect(await ask(one, { kind: 'cas-record', key, value: two, version: 1n })).toEqual({
    kind: 'record-written',
    version: 2n,
  })
  const compares = [{ target: 'value', key, is: '==', value: two }] as const
  const read = { kind: 'transact', compares, then: [{ kind: 'get', key }], otherwise: [] } as const
  expect(await ask(one, read)).toEqual({
    kind: 'transacted',
    succeeded: true,
    version: 2n,
    records: [{ ...record, value: two, version: 2n }],
  })
  expect(await ask(one, { kind: 'watch-records', ...WHOLE, fromVersion: 1n })).toEqual({
    kind: 'records-changed',
    changes: [{ kind: 'put', record: { ...record, value: two, version: 2n } }],
    version: 2n,
    reset: false,
  })
  expect(await ask(one, { kind: 'delete-record', key, ifVersion: 2n })).toEqual({
    kind: 'record-deleted',
    version: 3n,
  })
  expect(await ask(one, { kind: 'watch-records', ...WHOLE, fromVersion: 2n })).toMatchObject({
    changes: [{ kind: 'deleted', key, version: 3n }],
  })
})

test('leases are granted, described, kept and released', async () => {
  const one = await begun()
  const granted = await ask(one, { kind: 'grant-lease', ttlMs: 500n, keepAlive: true })
  expect(granted).toEqual({ kind: 'lease-granted', lease: 1n, ttlMs: 500n })
  const two = await begun()
  await ask(two, put('a', '1', 1n))
  expect(await ask(two, { kind: 'describe-lease', lease: 1n })).toEqual({
    kind: 'lease-described',
    lease: 1n,
    ttlMs: 500n,
    remainingMs: 500n,
    isKept: true,
    records: 1,
  })
  expect(await ask(two, { kind: 'keep-lease', lease: 1n })).toEqual({ kind: 'done' })
  expect(await ask(two, { kind: 'release-lease', lease: 1n })).toEqual({ kind: 'done' })
  expect(await ask(two, get('a'))).toMatchObject({ kind: 'refused', code: 'NOT_FOUND' })
})

test('a refusal shows the record that is there', async () => {
  const one = await begun()
  await ask(one, put('a', '1'))
  const [key, value] = [bytes('a'), bytes('2')]
  const record = { key, value: bytes('1'), version: 1n, createdVersion: 1n, lease: 0n }
  expect(await ask(one, { kind: 'create-record', key, value, lease: 0n })).toMatchObject({
    kind: 'refused',
    code: 'ALREADY_EXISTS',
    record,
  })
  expect(await ask(one, { kind: 'cas-record', key, value, version: 9n })).toMatchObject({
    code: 'WRONG_VERSION',
    record,
  })
})

/** What every request carries bytes in, after the same bytes have been overwritten by who sent them. */
const SENDERS: Record<string, (key: Uint8Array, value: Uint8Array) => Request> = {
  create: (key, value) => ({ kind: 'create-record', key, value, lease: 0n }),
  put: (key, value) => ({ kind: 'put-record', key, value, lease: null }),
  transact: (key, value) => ({
    kind: 'transact',
    compares: [{ target: 'version', key, is: '==', version: 0n }],
    then: [{ kind: 'put', key, value, lease: null }],
    otherwise: [],
  }),
}

test.for(Object.keys(SENDERS))('who overwrites what he sent changes nothing: %s', async (kind) => {
  const one = await begun()
  const [key, value] = [bytes('a'), bytes('1')]
  const request = SENDERS[kind]?.(key, value)
  if (request === undefined) throw new Error(`there is no ${kind}`)
  one.send(request)
  key[0] = 0
  value[0] = 0
  await clock.settle()
  expect(await ask(one, get('a'))).toMatchObject({ record: { key: bytes('a'), value: bytes('1') } })
})

test('who overwrites the bounds of a watch still watches what he asked for', async () => {
  const one = await begun()
  const [start, end] = [bytes('a'), bytes('b')]
  const answer = one.ask({ kind: 'watch-records', start, end, fromVersion: 0n })
  start[0] = 0xff
  end[0] = 0xff
  await ask(one, put('a', '1'))
  expect(await settled(answer)).toMatchObject({ changes: [{ record: { key: bytes('a') } }] })
})

/** Whatever shows a record. */
const READERS: Record<string, Request> = {
  get: get('a'),
  range: { kind: 'range-records', ...WHOLE, ...PAGE },
  watch: { kind: 'watch-records', ...WHOLE, fromVersion: 0n },
  wait: { kind: 'wait-record', key: bytes('a'), version: 0n },
  refusal: { kind: 'create-record', key: bytes('a'), value: bytes('2'), lease: 0n },
  transact: {
    kind: 'transact',
    compares: [],
    then: [{ kind: 'get', key: bytes('a') }],
    otherwise: [],
  },
}

test.for(Object.keys(READERS))('who overwrites what he got changes nothing: %s', async (kind) => {
  const one = await begun()
  await ask(one, put('a', '1'))
  const request = READERS[kind]
  if (request === undefined) throw new Error(`there is no ${kind}`)
  for (const { key, value } of recordsOf(await ask(one, request))) {
    key[0] = 0xff
    value[0] = 0xff
  }
  expect(recordsOf(await ask(one, request))).toMatchObject([{ key: bytes('a'), value: bytes('1') }])
})

function recordsOf(answer: Answer): { key: Uint8Array; value: Uint8Array }[] {
  if (answer.kind === 'records-listed' || answer.kind === 'transacted') {
    return answer.records.flatMap((record) => record ?? [])
  }
  if ('changes' in answer) {
    return answer.changes.flatMap((change) => (change.kind === 'put' ? [change.record] : []))
  }
  if ('record' in answer) return answer.record === null ? [] : [answer.record]
  throw new Error(`${answer.kind} shows no record`)
}

test('a wait that is forgotten is not answered, and what comes after it is', async () => {
  const one = await begun()
  await ask(one, put('a', '1'))
  const answers: Answer[] = []
  const wait = { kind: 'wait-record', key: bytes('a'), version: 1n } as const
  const first = one.send(wait, (answer) => answers.push(answer))
  one.send(wait, (answer) => answers.push(answer))
  await clock.settle()
  one.attachment.forget(first)
  await ask(one, put('a', '2'))
  expect(answers).toMatchObject([{ kind: 'record-read', record: { version: 2n } }])
})

test('what is forgotten takes up no room at the node', async () => {
  const one = await begun()
  await ask(one, put('a', '1'))
  const sent = [
    one.send({ kind: 'wait-record', key: bytes('a'), version: 1n }),
    one.send({ kind: 'watch-records', ...WHOLE, fromVersion: 1n }),
  ]
  await clock.settle()
  expect(host.statistics()).toMatchObject({ recordWatches: 2 })
  for (const each of sent) one.attachment.forget(each)
  await clock.settle()
  expect(host.statistics()).toMatchObject({ recordWatches: 0, waitingCommands: 0 })
})

test('who forgets after the answer, or what was never sent, forgets nothing', async () => {
  const one = await begun()
  await ask(one, put('a', '1'))
  let answered = 0
  const sent = one.send(get('a'), () => {
    answered += 1
  })
  await clock.settle()
  one.attachment.forget(sent)
  one.attachment.forget(999)
  expect(await ask(one, get('a'))).toMatchObject({ kind: 'record-read' })
  expect(answered).toBe(1)
})

test('an answer that is under way when it is forgotten is not given', async () => {
  const one = await begun()
  let answered = 0
  const watch = { kind: 'watch-records', ...WHOLE, fromVersion: 0n } as const
  const sent = one.send(watch, () => {
    answered += 1
  })
  one.send(put('a', '1'))
  one.attachment.forget(sent)
  await clock.settle()
  expect(answered).toBe(0)
})

test('a session hears of the end of a lease that it keeps', async () => {
  const one = await begun()
  await ask(one, { kind: 'grant-lease', ttlMs: 500n, keepAlive: true })
  const two = await begun()
  await ask(two, { kind: 'release-lease', lease: 1n })
  expect(one.notices).toEqual([{ kind: 'lease-ended', lease: 1n }])
  expect(two.notices).toEqual([])
})

test('an acquire may create its semaphore, and only with the limit that it has', async () => {
  const one = await begun()
  const acquire = {
    kind: 'acquire',
    name: 'pool',
    count: 1n,
    timeoutMs: 0n,
    data: new Uint8Array(),
    ephemeral: false,
  } as const
  expect(await ask(one, acquire)).toMatchObject({ kind: 'refused', code: 'NOT_FOUND' })
  expect(await ask(one, { ...acquire, createLimit: 2n })).toMatchObject({ kind: 'acquired' })
  const two = await begun()
  const other = await ask(two, { ...acquire, createLimit: 3n })
  expect(other).toMatchObject({ kind: 'refused', code: 'LIMIT_MISMATCH' })
})

test('a hurried attachment makes contact that often, counted from its last question', async () => {
  const one = await begun({ heartbeatMs: 1_000 })
  await clock.advance(300)
  expect(one.contacts).toEqual([])
  one.attachment.hurry(400)
  await clock.advance(100)
  expect(one.contacts).toEqual([400])
  await clock.advance(400)
  expect(one.contacts).toEqual([400, 800])
})

test('an attachment is never hurried to be slower', async () => {
  const one = await begun({ heartbeatMs: 100 })
  one.attachment.hurry(1_000)
  await clock.advance(300)
  expect(one.contacts).toEqual([100, 200, 300])
})

test('an attachment that is hurried before it has started makes contact that often from its start', async () => {
  const one = new Listener(link, { heartbeatMs: 1_000 })
  one.attachment.hurry(100)
  await settled(one.started)
  await clock.advance(200)
  expect(one.contacts).toEqual([100, 200])
})
