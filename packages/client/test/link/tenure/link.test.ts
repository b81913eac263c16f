/** What a link over tenure.v1 asks without a session, and who it says that it is. */
import { expect, test } from 'vitest'
import {
  InternalError,
  NotFoundError,
  UnauthorizedError,
  UnavailableError,
  UnsupportedError,
} from '../../../src/errors.ts'
import { turn } from './fake-server.ts'
import { Stage } from './stage.ts'

const UNIMPLEMENTED = 12
const UNAVAILABLE = 14
const UNAUTHENTICATED = 16
const RESOURCE_EXHAUSTED = 8
const USER = { kind: 'static', user: 'anna', password: 'p' } as const
const UNSET = { readConsistency: 'unset', attachConsistency: 'unset' } as const
const PLAIN = {
  ...UNSET,
  selfCheckPeriodMs: 0,
  sessionGracePeriodMs: 0,
  rateLimiterCounters: 'unset',
} as const

/** A question that is under way on a connection that is greeted. */
async function asking(
  stage: Stage,
  signal?: AbortSignal,
): Promise<{ readonly answer: Promise<unknown>; readonly id: number }> {
  const before = stage.server.streams.length
  const answer = stage.link.describeNode('a', signal)
  answer.catch(() => {})
  await turn()
  if (stage.server.streams.length > before) stage.stream.greet()
  await turn()
  return { answer, id: stage.stream.of('ask-node').at(-1)?.id ?? 0 }
}

test('nodes are created, altered, described and dropped on the connection of the sessions', async () => {
  const stage = new Stage()
  await stage.join()
  const done = [
    stage.link.createNode('a', { sessionGracePeriodMs: 5, readConsistency: 'strict' }),
    stage.link.alterNode('/else/b', { rateLimiterCounters: 'detailed' }),
    stage.link.dropNode('c'),
  ]
  await turn()
  const asked = stage.stream.of('ask-node')
  expect(asked).toMatchObject([
    {
      path: '/local/a',
      question: {
        kind: 'create-node',
        config: { sessionGracePeriodMs: 5, readConsistency: 'strict' },
      },
    },
    {
      path: '/else/b',
      question: { kind: 'alter-node', config: { rateLimiterCounters: 'detailed' } },
    },
    { path: '/local/c', question: { kind: 'drop-node' } },
  ])
  for (const { id } of asked) stage.stream.answer(id, { kind: 'done' })
  await Promise.all(done)
  expect(stage.server.streams).toHaveLength(1)
})

test('a node shows only the settings that it was given', async () => {
  const stage = new Stage()
  const { answer, id } = await asking(stage)
  const config = { ...PLAIN, selfCheckPeriodMs: 7, attachConsistency: 'relaxed' } as const
  stage.stream.answer(id, { kind: 'node-described', node: { path: '/local/a', config } })
  expect(await answer).toEqual({
    path: '/local/a',
    config: { selfCheckPeriodMs: 7, attachConsistency: 'relaxed' },
  })
})

test('a period that no protocol can express is refused before anything is said', async () => {
  const stage = new Stage()
  await expect(stage.link.createNode('a', { selfCheckPeriodMs: 0 })).rejects.toThrow(RangeError)
  expect(stage.server.streams).toEqual([])
})

test('nodes are listed by whole names of folders', async () => {
  const stage = new Stage()
  const listed = stage.link.listNodes('app/')
  await turn()
  stage.stream.greet()
  await turn()
  const [asked] = stage.stream.of('ask-node')
  expect(asked?.path).toBe('/local/app')
  const nodes = ['/local/app', '/local/app/b', '/local/apple'].map((path) => ({
    path,
    config: PLAIN,
  }))
  stage.stream.answer(asked?.id ?? 0, { kind: 'nodes-listed', nodes })
  expect(await listed).toEqual([
    { path: '/local/app', config: {} },
    { path: '/local/app/b', config: {} },
  ])
})

test('questions of operators get their answers', async () => {
  const stage = new Stage()
  await stage.join()
  const answer = stage.link.ask('a', { kind: 'check-token', name: 's', token: 3n })
  await turn()
  const [asked] = stage.stream.of('ask-node')
  expect(asked).toMatchObject({ path: '/local/a', question: { name: 's', token: 3n } })
  stage.stream.answer(asked?.id ?? 0, { kind: 'token-checked', isNewest: true })
  expect(await answer).toEqual({ kind: 'token-checked', isNewest: true })
})

test('a refusal is an error that says what was asked, where, and why', async () => {
  const stage = new Stage()
  const { answer, id } = await asking(stage)
  stage.stream.answer(id, { kind: 'refused', code: 'NOT_FOUND', message: 'no such node' })
  await expect(answer).rejects.toThrow(NotFoundError)
  await expect(answer).rejects.toThrow(
    'cannot describe node "a" at grpc://one:1,two:2/local: NOT_FOUND: no such node',
  )
})

test('an answer of another kind is the fault of the server', async () => {
  const stage = new Stage()
  const { answer, id } = await asking(stage)
  stage.stream.answer(id, { kind: 'done' })
  await expect(answer).rejects.toThrow(InternalError)
  const operator = stage.link.ask('a', { kind: 'end-session', session: 1n })
  await turn()
  const asked = stage.stream.of('ask-node').at(-1)?.id ?? 0
  stage.stream.answer(asked, { kind: 'nodes-listed', nodes: [] })
  await expect(operator).rejects.toThrow(InternalError)
})

test('a question that a server does not know is unsupported, and the protocol is spoken all the same', async () => {
  const stage = new Stage()
  const { answer, id } = await asking(stage)
  stage.stream.answer(id, { kind: 'refused', code: 'UNSUPPORTED', message: 'what?' })
  await expect(answer).rejects.toThrow(UnsupportedError)
  expect(stage.link.isSpoken).toBe(true)
})

test('a question that is not answered in five seconds is unavailable, and the next goes another way', async () => {
  const stage = new Stage()
  await stage.join({ heartbeatMs: 5_000 })
  const { answer } = await asking(stage)
  stage.pong()
  stage.clock.advance(4_999)
  stage.pong()
  stage.clock.advance(1)
  await expect(answer).rejects.toThrow(UnavailableError)
  const again = await asking(stage)
  expect(stage.stream.host).toBe('two:2')
  stage.stream.answer(again.id, { kind: 'done' })
  await expect(again.answer).rejects.toThrow(InternalError)
})

test('a question ends with the connection that carries it', async () => {
  const stage = new Stage()
  const { answer } = await asking(stage)
  stage.stream.fail(UNAVAILABLE, 'gone')
  await expect(answer).rejects.toThrow('no answer from one:1: gone')
  expect(stage.clock.pending).toBe(0)
})

test('a question that is aborted rejects with the reason and leaves nothing behind', async () => {
  const stage = new Stage()
  const given = new AbortController()
  const { answer, id } = await asking(stage, given.signal)
  given.abort('enough')
  await expect(answer).rejects.toBe('enough')
  stage.stream.answer(id, { kind: 'done' })
  await expect(stage.link.describeNode('a', given.signal)).rejects.toBe('enough')
  stage.clock.advance(250)
  expect(stage.stream.isCancelled).toBe(true)
  expect(stage.clock.pending).toBe(0)
})

test('a connection that waits for a question alone is proved alive, too', async () => {
  const stage = new Stage()
  const { id, answer } = await asking(stage)
  expect(stage.stream.of('ping')).toMatchObject([{ periodMs: 5_000 }])
  stage.stream.answer(id, { kind: 'refused', code: 'NOT_FOUND', message: '' })
  await expect(answer).rejects.toThrow(NotFoundError)
})

test('every call tells the server the database and the token', async () => {
  const stage = new Stage({ credentials: { kind: 'token', token: 't' } })
  await stage.join()
  expect(stage.stream.headers).toMatchObject({
    'x-ydb-database': '/local',
    'x-ydb-auth-ticket': 't',
  })
})

test('a token that the server refuses is the last word when there is no other', async () => {
  const stage = new Stage({ credentials: { kind: 'token', token: 't' } })
  const { told } = stage.attach()
  const question = stage.link.describeNode('a')
  await turn()
  stage.stream.fail(UNAUTHENTICATED, 'who are you?')
  await expect(question).rejects.toThrow(UnauthorizedError)
  expect(told.ends).toMatchObject([{ kind: 'refused', refusal: { code: 'UNAUTHORIZED' } }])
  expect(stage.server.streams).toHaveLength(1)
})

test('a token that has run out gives way to a fresh one, once for all that wait', async () => {
  const stage = new Stage({ credentials: USER })
  const one = stage.attach()
  const other = stage.attach()
  const question = stage.link.describeNode('a')
  await turn()
  stage.server.logIn('old')
  await turn()
  expect(stage.stream.headers['x-ydb-auth-ticket']).toBe('old')
  stage.stream.fail(UNAUTHENTICATED)
  for (const { told } of [one, other]) expect(told.ends).toMatchObject([{ kind: 'broken' }])
  await turn()
  stage.server.logIn('new')
  await turn()
  expect(stage.server.streams).toHaveLength(2)
  expect(stage.stream.headers['x-ydb-auth-ticket']).toBe('new')
  stage.stream.fail(UNAUTHENTICATED)
  await expect(question).rejects.toThrow(UnauthorizedError)
})

test('sessions that are refused for an old token go on with a fresh one on another connection', async () => {
  const stage = new Stage({ credentials: USER })
  const sessions = [stage.attach(), stage.attach()]
  await turn()
  stage.server.logIn('old')
  await turn()
  stage.stream.greet()
  await turn()
  for (const { id } of stage.stream.of('attach')) {
    stage.stream.say({ kind: 'ended', channel: id, code: 'UNAUTHORIZED', message: 'too old' })
  }
  for (const { told } of sessions) expect(told.ends).toMatchObject([{ kind: 'broken' }])
  expect(stage.stream.isCancelled).toBe(true)
  stage.attach()
  await turn()
  stage.server.logIn('new')
  await turn()
  expect(stage.stream.headers['x-ydb-auth-ticket']).toBe('new')
})

test('a question that is refused for an old token is asked again with a fresh one', async () => {
  const stage = new Stage({ credentials: USER })
  const question = stage.link.dropNode('a')
  await turn()
  stage.server.logIn('old')
  await turn()
  stage.stream.greet()
  await turn()
  const refusal = { kind: 'refused', code: 'UNAUTHORIZED', message: 'too old' } as const
  stage.stream.answer(stage.stream.of('ask-node')[0]?.id ?? 0, refusal)
  await turn()
  stage.server.logIn('new')
  await turn()
  stage.stream.greet()
  await turn()
  stage.stream.answer(stage.stream.of('ask-node')[0]?.id ?? 0, { kind: 'done' })
  await question
  expect(stage.stream.headers['x-ydb-auth-ticket']).toBe('new')
})

test('a login that fails ends what waits for it', async () => {
  const stage = new Stage({ credentials: USER })
  const { told } = stage.attach()
  const question = stage.link.dropNode('a')
  await turn()
  for (const { settle } of stage.server.calls) settle(null, undefined)
  await expect(question).rejects.toThrow(UnavailableError)
  expect(told.ends).toMatchObject([{ kind: 'broken' }])
  expect(stage.server.streams).toEqual([])
})

test('a link that is closed while it logs in connects no more', async () => {
  const stage = new Stage({ credentials: USER })
  const { attachment } = stage.attach({ sessionId: 4n })
  await turn()
  attachment.leave()
  await stage.link.close()
  stage.server.logIn('late')
  await turn()
  expect(stage.server.streams).toEqual([])
  expect(stage.clock.pending).toBe(0)
})

test('a server that does not have the protocol refuses sessions and questions as unsupported', async () => {
  const stage = new Stage()
  const { told } = stage.attach()
  const question = stage.link.describeNode('a')
  await turn()
  stage.stream.fail(UNIMPLEMENTED, 'unknown service')
  await expect(question).rejects.toThrow(UnsupportedError)
  expect(told.ends).toMatchObject([{ kind: 'refused', refusal: { code: 'UNSUPPORTED' } }])
  expect(stage.link.isSpoken).toBe(false)
})

test('a server that speaks no version of ours is one that does not have the protocol', async () => {
  const stage = new Stage()
  const { told } = stage.attach()
  await turn()
  stage.stream.say({ kind: 'hello', version: 2, capabilities: [], agent: '', server: '' })
  expect(told.ends).toMatchObject([{ kind: 'refused', refusal: { code: 'UNSUPPORTED' } }])
  expect(stage.link.isSpoken).toBe(false)
  expect(stage.stream.isCancelled).toBe(true)
})

test('a server with too many connections refuses for now', async () => {
  const stage = new Stage()
  const { told } = stage.attach()
  await turn()
  stage.stream.fail(RESOURCE_EXHAUSTED)
  expect(told.ends).toMatchObject([{ kind: 'refused', refusal: { code: 'OVERLOADED' } }])
  expect(stage.link.isSpoken).toBe(true)
})
