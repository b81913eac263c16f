/**
 * What is asked of a node while servers come, go, or see each other differently: it is answered when the node has come to rest, and never done twice.
 *
 * guards: L1, L2, S7
 */
import { NODE_KEY } from '@tenure/kernel'
import type { SessionResponse } from '@tenure/protocol'
import { expect, test } from 'vitest'
import type { Answer } from '../../src/services/ask.ts'
import { askNode, type NodeQuestion } from '../../src/services/node-question.ts'
import { SessionStream } from '../../src/services/session-stream.ts'
import { settle } from '../tablet/manual-clock.ts'
import { type ClusterStage, clusterStage, pathOf, type StageServer } from './stage.ts'

const CONFIG = {
  selfCheckPeriodMs: 0,
  sessionGracePeriodMs: 0,
  readConsistency: 'unset',
  attachConsistency: 'unset',
  rateLimiterCounters: 'unset',
} as const
const CREATE = { kind: 'create-node', config: CONFIG } as const
const ALTER = { kind: 'alter-node', config: { ...CONFIG, selfCheckPeriodMs: 700 } } as const
const DROP = { kind: 'drop-node' } as const
const DESCRIBE = { kind: 'describe-node' } as const
const CALL = { database: '', ticket: '', address: '127.0.0.1', port: 2136 }

/** What became of a question; `waits` until anything has. */
class Asked {
  answer: Answer['kind'] | 'misplaced' | 'waits' = 'waits'

  constructor(server: StageServer, path: string, command: NodeQuestion['command']) {
    void this.#settle(askNode(server.context, { path, command, call: CALL }))
  }

  async #settle(asking: ReturnType<typeof askNode>): Promise<void> {
    const outcome = await asking
    if (outcome.kind === 'asked') this.answer = outcome.answer.kind
    else if (outcome.kind === 'misplaced') this.answer = outcome.kind
  }
}

type Pair = ClusterStage & { one: StageServer; two: StageServer; path: string }

/** Two servers that see each other, and a path whose node belongs to the second. */
async function pair(): Promise<Pair> {
  const stage = await clusterStage(2)
  const [one, two] = [stage.server(0), stage.server(1)]
  await one.sees(two)
  await two.sees(one)
  return { ...stage, one, two, path: pathOf({ owner: two, among: [one, two] }) }
}

/** The node is there. */
async function createdPair(): Promise<Pair> {
  const stage = await pair()
  const made = new Asked(stage.one, stage.path, CREATE)
  await settle()
  expect(made.answer).toBe('done')
  return stage
}

/** Two servers that see each other, with a node at the second that belongs to a third as soon as they see that one. */
async function createdTrio(): Promise<Pair> {
  const stage = await clusterStage(3)
  const [one, two, three] = [stage.server(0), stage.server(1), stage.server(2)]
  const path = pathOf({ owner: two, among: [one, two] }, { owner: three, among: [one, two, three] })
  await one.sees(two)
  await two.sees(one)
  await three.sees(one, two)
  const made = new Asked(one, path, CREATE)
  await settle()
  expect(made.answer).toBe('done')
  return { ...stage, one, two, path }
}

function commandsTo({ asks }: StageServer, kind: string): number {
  return asks.filter((ask) => ask.kind === 'submit' && ask.command.kind === kind).length
}

test('a node is made though two servers disagree for a while about where it belongs', async () => {
  const { clock, server } = await clusterStage(3)
  const [one, two, three] = [server(0), server(1), server(2)]
  const path = pathOf({ owner: two, among: [one, two] }, { owner: three, among: [one, two, three] })
  await one.sees(two)
  await two.sees(one, three)
  const asked = [CREATE, DESCRIBE].map((command) => new Asked(one, path, command))
  await clock.advance(300)
  expect(asked[0]?.answer).toBe('waits')
  await two.sees(one)
  await clock.advance(300)
  expect(asked[0]?.answer).toBe('done')
  const described = new Asked(two, path, DESCRIBE)
  await settle()
  expect(described.answer).toBe('node-described')
})

test('questions to a node that is placed elsewhere by now are answered when the servers agree', async () => {
  const { one, two, path, clock, server } = await createdTrio()
  const three = server(2)
  await two.sees(one, three)
  const asked = [DESCRIBE, ALTER].map((command) => new Asked(one, path, command))
  await clock.advance(300)
  expect(asked.map(({ answer }) => answer)).toEqual(['waits', 'waits'])
  await one.sees(two, three)
  await clock.advance(300)
  expect(asked.map(({ answer }) => answer)).toEqual(['node-described', 'done'])
  await one.sees(two)
  const dropped = new Asked(one, path, DROP)
  await clock.advance(300)
  expect(dropped.answer).toBe('waits')
  await one.sees(two, three)
  await clock.advance(300)
  expect(dropped.answer).toBe('done')
})

test('a node that another server claims in the middle of its creation is made once', async () => {
  const { engine, clock, one, two, path } = await pair()
  await one.sees()
  engine.holding = true
  const made = new Asked(one, path, CREATE)
  await settle()
  expect(engine.held).toBe(1)
  await one.sees(two)
  await two.local.take(path)
  engine.letAll()
  await clock.advance(300)
  expect(made.answer).toBe('done')
  expect(await engine.peek(path, NODE_KEY)).toBeDefined()
  expect(two.local.runs(path)).toBe(true)
})

test('a question that comes while its node is given up goes to the next server', async () => {
  const { engine, clock, one, two, path } = await pair()
  await one.sees()
  const made = new Asked(one, path, CREATE)
  await settle()
  engine.holding = true
  const altered = new Asked(one, path, ALTER)
  await settle()
  const giving = one.local.release(path)
  const described = new Asked(one, path, DESCRIBE)
  await settle()
  expect([made, altered, described].map(({ answer }) => answer)).toEqual(['done', 'waits', 'waits'])
  await one.sees(two)
  engine.letAll()
  await giving
  await clock.advance(300)
  expect([altered, described].map(({ answer }) => answer)).toEqual(['done', 'node-described'])
  expect(two.local.runs(path)).toBe(true)
})

test('a question waits until the death of the server that had the node is noticed, and no longer', async () => {
  const { clock, one, two, path } = await createdPair()
  two.isDown = true
  two.cut()
  const asked = [CREATE, ALTER, DESCRIBE].map((command) => new Asked(one, path, command))
  await clock.advance(5_000)
  expect(asked.map(({ answer }) => answer)).toEqual(['waits', 'waits', 'waits'])
  await one.sees()
  await clock.advance(500)
  expect(asked.map(({ answer }) => answer)).toEqual(['done', 'done', 'node-described'])
  await one.sees(two)
  const vain = new Asked(one, path, DESCRIBE)
  await clock.advance(10_500)
  expect(vain.answer).toBe('unavailable')
})

test('what may have been done is not asked again', async () => {
  const { engine, clock, one, two, path } = await createdPair()
  engine.holding = true
  const asked = [ALTER, DROP].map((command) => new Asked(one, path, command))
  await settle()
  two.cut()
  engine.letAll()
  await clock.advance(11_000)
  expect(asked.map(({ answer }) => answer)).toEqual(['unavailable', 'unavailable'])
  expect([commandsTo(two, 'alter-node'), commandsTo(two, 'drop-node')]).toEqual([1, 1])
})

test('a server that leaves still answers what it has accepted for another one', async () => {
  const { engine, one, two, path } = await createdPair()
  engine.holding = true
  const altered = new Asked(one, path, ALTER)
  await settle()
  await one.sees()
  const leaving = two.cluster.leave()
  engine.letAll()
  await leaving
  await settle()
  expect(altered.answer).toBe('done')
  expect(commandsTo(two, 'alter-node')).toBe(1)
})

test('a server that leaves the list and says nothing is waited for a second at the most', async () => {
  const { engine, clock, one, path } = await createdPair()
  engine.holding = true
  const altered = new Asked(one, path, ALTER)
  await settle()
  await one.sees()
  await settle()
  expect(altered.answer).toBe('waits')
  await clock.advance(1_000)
  expect(altered.answer).toBe('unavailable')
  engine.letAll()
})

test('a server that ends lets others answer what it has asked of them', async () => {
  const { engine, one, two, path } = await createdPair()
  engine.holding = true
  const altered = new Asked(one, path, ALTER)
  await settle()
  const ending = one.cluster.host.close()
  await settle()
  engine.letAll()
  await ending
  expect(altered.answer).toBe('done')
  expect(commandsTo(two, 'alter-node')).toBe(1)
})

test("a session of YDB's protocol starts at a node that moves meanwhile", async () => {
  const { clock, one, two, path, server } = await createdTrio()
  const three = server(2)
  await two.sees(one, three)
  const said: SessionResponse[] = []
  const stream = new SessionStream(one.context, CALL, {
    send: (responses) => said.push(...responses) > 0,
    finish() {},
    fail() {},
    resume() {},
  })
  stream.receive({
    kind: 'start',
    path,
    sessionId: 0n,
    timeoutMs: 5_000n,
    description: '',
    sequenceNumber: 1n,
    protectionKey: new Uint8Array(0),
  })
  await clock.advance(200)
  expect(said).toEqual([])
  await one.sees(two, three)
  await clock.advance(200)
  expect(said[0]?.kind).toBe('started')
  stream.left()
})
