/** What a connection asks outside of sessions, and how operations become commands and events replies. */
import type { Event } from '@tenure/kernel'
import type { NodeSettings, Reply, SessionOperation } from '@tenure/protocol'
import { expect, test } from 'vitest'
import type { HostContract } from '../../src/host/host.ts'
import { answerOf } from '../../src/services/session-answer.ts'
import { commandOf } from '../../src/services/connection/operation-command.ts'
import { replyOf } from '../../src/services/connection/translation.ts'
import { NO_STREAM } from '../../src/tablet/stream.ts'
import { settle } from '../tablet/manual-clock.ts'
import { acquireOf, Caller, connectionStage, FOR_EVER, NOTHING, PATH } from './connection-stage.ts'

const UNSET: NodeSettings = {
  selfCheckPeriodMs: 0,
  sessionGracePeriodMs: 0,
  readConsistency: 'unset',
  attachConsistency: 'unset',
  rateLimiterCounters: 'unset',
}

test('nodes are created, altered, described, listed and dropped', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const settings = { ...UNSET, sessionGracePeriodMs: 9_000 }
  const path = '/local/app/locks'
  const asked = [caller.askNode({ kind: 'create-node', config: settings }, 'app/locks')]
  await settle()
  asked.push(caller.askNode({ kind: 'describe-node' }, '/local//app/locks/'))
  await settle()
  asked.push(
    caller.askNode({ kind: 'alter-node', config: { ...UNSET, selfCheckPeriodMs: 700 } }, path),
  )
  await settle()
  asked.push(
    caller.askNode({ kind: 'describe-node' }, path),
    caller.askNode({ kind: 'list-nodes' }, ''),
  )
  await settle()
  asked.push(
    caller.askNode({ kind: 'list-nodes' }, '/local/app'),
    caller.askNode({ kind: 'drop-node' }, path),
  )
  await settle()
  asked.push(
    caller.askNode({ kind: 'describe-node' }, path),
    caller.askNode({ kind: 'list-nodes' }, '/local'),
  )
  await settle()
  const altered = { ...settings, selfCheckPeriodMs: 700 }
  expect(asked.map((id) => caller.repliesTo(id)[0])).toEqual([
    { kind: 'done' },
    { kind: 'node-described', node: { path, config: settings } },
    { kind: 'done' },
    { kind: 'node-described', node: { path, config: altered } },
    {
      kind: 'nodes-listed',
      nodes: [
        { path, config: altered },
        { path: PATH, config: UNSET },
      ],
    },
    { kind: 'nodes-listed', nodes: [{ path, config: altered }] },
    { kind: 'done' },
    { kind: 'refused', code: 'NOT_FOUND', message: `there is no coordination node ${path}` },
    { kind: 'nodes-listed', nodes: [{ path: PATH, config: UNSET }] },
  ])
})

test('a listing does not take nodes from other hosts, nor load them', async () => {
  const { connect, engine, host } = await connectionStage()
  const caller = connect()
  const { claims } = engine
  await engine.claim(PATH, { id: 'other', address: '' })
  const id = caller.askNode({ kind: 'list-nodes' }, '/')
  await settle()
  expect(caller.repliesTo(id)).toMatchObject([{ kind: 'nodes-listed', nodes: [{ path: PATH }] }])
  expect(engine.claims).toBe(claims + 1)
  await host.close()
})

test.each([
  { kind: 'create-node', path: `${PATH}/below`, code: 'PRECONDITION_FAILED' },
  { kind: 'create-node', path: '/elsewhere/x', code: 'INVALID_ARGUMENT' },
  { kind: 'create-node', path: '', code: 'INVALID_ARGUMENT' },
  { kind: 'describe-node', path: '/elsewhere/x', code: 'NOT_FOUND' },
  { kind: 'describe-node', path: '/local', code: 'NOT_FOUND' },
  { kind: 'describe-node', path: '/local/absent', code: 'NOT_FOUND' },
  { kind: 'drop-node', path: '/local/../x', code: 'INVALID_ARGUMENT' },
  { kind: 'list-nodes', path: '/elsewhere', code: 'NOT_FOUND' },
  { kind: 'list-nodes', path: '/local/../x', code: 'INVALID_ARGUMENT' },
] as const)('$kind of "$path" is refused: $code', async ({ kind, path, code }) => {
  const { connect } = await connectionStage()
  const caller = connect()
  const id = caller.askNode(kind === 'create-node' ? { kind, config: UNSET } : { kind }, path)
  await settle()
  expect(caller.repliesTo(id)).toMatchObject([{ kind: 'refused', code }])
})

test('a listing that would be too long is refused', async () => {
  const { context, host } = await connectionStage()
  const crowded: HostContract = {
    node: async (path, options) => host.node(path, options),
    list: async () => Array.from({ length: 50_001 }, (_, at) => `/local/${at}`),
    settings: async () => UNSET,
    close: async () => host.close(),
  }
  const caller = new Caller({ ...context, host: crowded })
  caller.say({ kind: 'hello', version: 1, capabilities: [], agent: 'test' })
  const id = caller.askNode({ kind: 'list-nodes' }, '/')
  await settle()
  expect(caller.repliesTo(id)).toMatchObject([{ kind: 'refused', code: 'PRECONDITION_FAILED' }])
})

test('an operator sees sessions, tokens and who waits for whom, and ends and frees by force', async () => {
  const { connect, host } = await connectionStage()
  const [caller, operator] = [connect(), connect()]
  const [first, second] = [await caller.open(), await caller.open()]
  caller.acquire(first, 'a')
  caller.acquire(second, 'a')
  await settle()
  const [holder, waiter] = [caller.sessionOf(first), caller.sessionOf(second)]
  const asked = [
    operator.askNode({ kind: 'check-token', name: 'a', token: 1n }),
    operator.askNode({ kind: 'check-token', name: 'a', token: 2n }),
    operator.askNode({ kind: 'list-sessions', after: 0n, limit: 1 }),
    operator.askNode({ kind: 'explain-semaphore', name: 'a' }),
    operator.askNode({ kind: 'explain-semaphore', name: 'absent' }),
    operator.askNode({ kind: 'force-release', name: 'a', session: holder }),
    operator.askNode({ kind: 'end-session', session: waiter }),
    operator.askNode({ kind: 'end-session', session: 999n }),
  ]
  await settle()
  expect(asked.map((id) => operator.repliesTo(id)[0])).toMatchObject([
    { kind: 'token-checked', isNewest: true },
    { kind: 'token-checked', isNewest: false },
    { kind: 'sessions-listed', sessions: [{ id: holder, holdingsCount: 1 }], more: true },
    {
      kind: 'semaphore-explained',
      description: { name: 'a', owners: [{ sessionId: holder }], waiters: [{ sessionId: waiter }] },
      sessions: [{ id: holder }, { id: waiter }],
    },
    { kind: 'refused', code: 'NOT_FOUND' },
    { kind: 'done' },
    { kind: 'done' },
    { kind: 'refused', code: 'NOT_FOUND' },
  ])
  expect(caller.all('notice')).toEqual([
    { kind: 'notice', channel: first, notice: { kind: 'revoked', name: 'a', orderId: 1n } },
  ])
  expect(caller.endOf(second)).toBe('SESSION_EXPIRED')
  expect(host.statistics()).toMatchObject({ sessions: 1, owners: 0 })
})

test('records are written, read, watched, waited for and leased', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const [first, second] = [await caller.open(), await caller.open()]
  const key = Buffer.from('key')
  const [value, other] = [Buffer.from('value'), Buffer.from('other')]
  const range = { start: NOTHING, end: null }
  const ask = async (operation: SessionOperation): Promise<Reply | undefined> => {
    const id = caller.ask(first, operation)
    await settle()
    return caller.repliesTo(id)[0]
  }
  expect(await ask({ kind: 'create-record', key, value, lease: 0n })).toEqual({
    kind: 'record-written',
    version: 1n,
  })
  const record = { key, value, version: 1n, createdVersion: 1n, lease: 0n }
  expect(await ask({ kind: 'create-record', key, value: other, lease: 0n })).toMatchObject({
    kind: 'refused',
    code: 'ALREADY_EXISTS',
    record,
  })
  expect(await ask({ kind: 'get-record', key })).toEqual({ kind: 'record-read', record })
  const waits = caller.ask(second, { kind: 'wait-record', key, version: 1n })
  const watches = caller.ask(second, { kind: 'watch-records', ...range, fromVersion: 1n })
  const forgotten = caller.ask(second, { kind: 'wait-record', key, version: 1n })
  await settle()
  caller.say({ kind: 'forget', channel: second, target: forgotten })
  expect(await ask({ kind: 'cas-record', key, value: other, version: 1n })).toEqual({
    kind: 'record-written',
    version: 2n,
  })
  expect(caller.repliesTo(waits)).toMatchObject([{ kind: 'record-read', record: { version: 2n } }])
  expect(caller.repliesTo(watches)).toMatchObject([
    { kind: 'records-changed', version: 2n, reset: false, changes: [{ kind: 'put' }] },
  ])
  expect(caller.repliesTo(forgotten)).toEqual([])
  expect(
    await ask({
      kind: 'range-records',
      ...range,
      limit: 0,
      after: null,
      hold: false,
      atVersion: 0n,
    }),
  ).toMatchObject({ kind: 'records-listed', records: [{ version: 2n }], version: 2n, more: false })
  expect(
    await ask({
      kind: 'transact',
      compares: [{ target: 'version', key, is: '==', version: 2n }],
      then: [{ kind: 'get', key }],
      otherwise: [],
    }),
  ).toMatchObject({ kind: 'transacted', succeeded: true, records: [{ version: 2n }] })
  const granted = await ask({ kind: 'grant-lease', ttlMs: 1_000n, keepAlive: true })
  if (granted?.kind !== 'lease-granted') throw new Error('no lease was granted')
  const { lease } = granted
  expect(await ask({ kind: 'describe-lease', lease })).toMatchObject({
    kind: 'lease-described',
    ttlMs: 1_000n,
    isKept: true,
    records: 0,
  })
  const ended = caller.ask(second, { kind: 'release-lease', lease })
  await settle()
  expect(caller.repliesTo(ended)).toHaveLength(1)
  expect(caller.all('notice')).toEqual([
    { kind: 'notice', channel: first, notice: { kind: 'lease-ended', lease } },
  ])
  expect(await ask({ kind: 'delete-record', key, ifVersion: null })).toMatchObject({
    kind: 'record-deleted',
  })
})

test('what is forgotten on a session that has just ended is answered by its end alone', async () => {
  const { connect, engine } = await connectionStage()
  const [caller, operator] = [connect(), connect()]
  const [channel] = [await caller.open(), await caller.open()]
  engine.holding = true
  operator.askNode({ kind: 'end-session', session: caller.sessionOf(channel) })
  await settle()
  caller.say({ kind: 'forget', channel, target: 1 })
  engine.letAll()
  await settle()
  expect(caller.endOf(channel)).toBe('SESSION_EXPIRED')
  expect(caller.all('answer')).toEqual([])
})

test('an acquire creates its semaphore with the limit that it names', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  const acquire = {
    kind: 'acquire',
    name: 's',
    count: 1n,
    timeoutMs: 0n,
    data: NOTHING,
    ephemeral: false,
  } as const
  const first = caller.ask(channel, { ...acquire, createLimit: 3n })
  const other = caller.ask(channel, { ...acquire, createLimit: 4n })
  await settle()
  expect(caller.repliesTo(first)).toMatchObject([{ kind: 'acquired' }])
  expect(caller.repliesTo(other)).toMatchObject([{ kind: 'refused', code: 'LIMIT_MISMATCH' }])
})

test('changes are numbered from 1', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const channel = await caller.open()
  const create = { kind: 'create', name: 's', limit: 1n, data: NOTHING } as const
  const wrong = caller.ask(channel, { ...create, change: { serial: 0n, settledBelow: 0n } })
  const first = caller.ask(channel, { ...create, change: { serial: 1n, settledBelow: 1n } })
  const again = caller.ask(channel, { ...create, change: { serial: 1n, settledBelow: 1n } })
  await settle()
  expect(caller.repliesTo(wrong)).toMatchObject([{ code: 'INVALID_ARGUMENT' }])
  expect([first, again].map((id) => caller.repliesTo(id))).toEqual([
    [{ kind: 'done' }],
    [{ kind: 'done' }],
  ])
})

test('a description that is too large to be sent is refused', () => {
  const holder = {
    session: 1n,
    orderId: 1n,
    count: 1n,
    data: new Uint8Array(61 * 1024 * 1024),
    timeoutMs: 0n,
  }
  const description = {
    name: 's',
    limit: 1n,
    data: NOTHING,
    ephemeral: false,
    held: 1n,
    owners: [holder],
    waiters: [],
  }
  const answer = { stream: 1, requestId: 1n } as const
  expect(
    replyOf({ kind: 'semaphore-described', ...answer, description, watchAdded: false }),
  ).toMatchObject({ kind: 'refused', code: 'OVERLOADED' })
  expect(
    replyOf({ kind: 'semaphore-explained', ...answer, description, sessions: [] }),
  ).toMatchObject({
    kind: 'refused',
    code: 'OVERLOADED',
  })
})

test('operations keep all that they say', () => {
  const fence = { name: 'a', token: 7n }
  expect(commandOf({ ...acquireOf('a') }, 5n, 9n)).toEqual({
    kind: 'acquire',
    stream: NO_STREAM,
    session: 5n,
    requestId: 9n,
    name: 'a',
    count: FOR_EVER,
    timeoutMs: FOR_EVER,
    data: NOTHING,
    ephemeral: true,
  })
  expect(
    commandOf({ kind: 'put-record', key: NOTHING, value: NOTHING, lease: null, fence }, 5n, 9n),
  ).toEqual({
    kind: 'put-record',
    stream: NO_STREAM,
    session: 5n,
    requestId: 9n,
    key: NOTHING,
    value: NOTHING,
    lease: null,
    fence,
  })
  expect(commandOf({ kind: 'delete', name: 's', force: true }, 5n, 9n)).toEqual({
    kind: 'delete-semaphore',
    stream: NO_STREAM,
    session: 5n,
    requestId: 9n,
    name: 's',
    force: true,
  })
})

test('clients of YDB hear nothing of records and operators', () => {
  const asked = { stream: 1, requestId: 8n } as const
  const events: readonly Event[] = [
    { kind: 'record-written', ...asked, version: 1n },
    { kind: 'record-read', ...asked, record: null },
    { kind: 'records-changed', ...asked, changes: [], version: 1n, reset: false },
    { kind: 'lease-granted', ...asked, lease: 1n, ttlMs: 1n },
    { kind: 'lease-ended', stream: 1, session: 1n, lease: 1n },
    { kind: 'token-checked', ...asked, isNewest: true },
    { kind: 'sessions-listed', ...asked, sessions: [], more: false },
    { kind: 'revoked', stream: 1, session: 1n, name: 'a', orderId: 1n },
  ]
  expect(events.map(answerOf)).toEqual(events.map(() => null))
})
