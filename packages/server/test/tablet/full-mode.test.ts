import { expect, test } from 'vitest'
import { LogVisitor, visitLog } from './log-visitor.ts'
import { settle } from './manual-clock.ts'
import { createNode, nodeAt, stage } from './stage.ts'
import type { Stage } from './stage.ts'
import { visit, Visitor } from './visitor.ts'

/** A node whose engine has just run out of room, and a session that held 'a'. */
async function fullStage(): Promise<Stage & { session: bigint }> {
  const set = stage()
  const visitor = await visit(await createNode(set.host))
  visitor.acquire('a')
  await settle()
  set.engine.full = true
  visitor.acquire('b')
  await settle()
  expect(visitor.end).toBe('failed')
  return { ...set, session: visitor.session }
}

// guards: D4
test('without room sessions come back, reads go on, and writes are refused', async () => {
  const { host, session } = await fullStage()
  const visitor = new Visitor(await nodeAt(host))
  visitor.attach({ session })
  await settle()
  visitor.describe('a')
  visitor.describe('b')
  const refused = [visitor.acquire('c'), visitor.release('a'), visitor.createSemaphore('d')]
  await settle()
  expect(visitor.said).toEqual(['attached', 'semaphore-described', 'refused'])
  expect(visitor.refused).toEqual(refused)
  expect(visitor.end).toBe(null)
  expect(host.statistics().fullTablets).toBe(1)
})

// guards: D4
test('without room records are read, and not written', async () => {
  const { host, session } = await fullStage()
  const visitor = new Visitor(await nodeAt(host))
  visitor.attach({ session })
  await settle()
  const key = Buffer.from('key')
  const put = { kind: 'put-record', session, key, value: key, lease: null } as const
  const grant = { kind: 'grant-lease', session, ttlMs: 1_000n, keepAlive: false } as const
  const refused = [
    visitor.ask({ ...put, requestId: visitor.nextId() }),
    visitor.ask({ ...grant, requestId: visitor.nextId() }),
  ]
  visitor.ask({ kind: 'get-record', requestId: visitor.nextId(), session, key })
  await settle()
  expect(visitor.said).toEqual(['attached', 'refused'])
  expect(visitor.events[1]).toMatchObject({ code: 'NOT_FOUND' })
  expect(visitor.refused).toEqual(refused)
  expect(visitor.end).toBe(null)
})

// guards: D4, J2
test('without room tasks are looked at and not driven, and those under way come back when there is room', async () => {
  const { engine, clock, host } = stage()
  const opener = await visitLog(await createNode(host))
  opener.configure()
  opener.open('one')
  await settle()
  engine.full = true
  opener.open('two')
  await settle()
  expect(opener.end).toBe('failed')
  const visitor = new LogVisitor(await nodeAt(host))
  visitor.attach({ session: opener.session })
  visitor.session = opener.session
  const refused = [visitor.open(), visitor.handle(), visitor.append(opener.opened, 'late')]
  visitor.list('active')
  await settle()
  expect(visitor.refused).toEqual(refused)
  expect(visitor.said).toEqual(['attached', 'tasks-listed'])
  engine.full = false
  await clock.advance(2_000)
  expect(host.statistics()).toMatchObject({ fullTablets: 0, activeTasks: 0, storedTasks: 1 })
  visitor.handle()
  await clock.advance(11_000)
  expect(visitor.records).toEqual([['one']])
})

// guards: D4
test('service goes on when there is room again, without restart and on the same streams', async () => {
  const { engine, clock, host, session } = await fullStage()
  const visitor = new Visitor(await nodeAt(host))
  visitor.attach({ session })
  await clock.advance(5_000)
  visitor.acquire('c')
  expect(visitor.refused.length).toBe(1)
  engine.full = false
  await clock.advance(1_000)
  visitor.acquire('c')
  await settle()
  expect(visitor.said).toEqual(['attached', 'acquired'])
  expect(host.statistics().fullTablets).toBe(0)
  expect(engine.claims).toBe(1)
})

// guards: D4, S1
test('nobody expires while there is no room', async () => {
  const { engine, clock, host, session } = await fullStage()
  const node = await nodeAt(host)
  await clock.advance(600_000)
  const visitor = new Visitor(node)
  visitor.attach({ session })
  await settle()
  engine.full = false
  await clock.advance(2_000)
  expect(visitor.said).toEqual(['attached'])
  expect(host.statistics().sessions).toBe(1)
})

// guards: D4, L3
test('a session that comes back with another timeout is answered when there is room, and holds up nobody', async () => {
  const { engine, clock, host, session } = await fullStage()
  const node = await nodeAt(host)
  const changed = new Visitor(node)
  changed.attach({ session, timeoutMs: 7_000n })
  const reader = new Visitor(node)
  reader.describeNode()
  await clock.advance(3_000)
  expect(changed.said).toEqual([])
  expect(reader.said).toEqual(['node-described'])
  engine.holding = true
  engine.full = false
  await clock.advance(1_000)
  const meanwhile = new Visitor(node)
  meanwhile.attach({ session, timeoutMs: 8_000n })
  engine.letAll()
  await settle()
  expect(changed.said).toEqual(['attached', 'ended'])
  expect(meanwhile.said).toEqual(['attached'])
  expect(host.statistics().waitingCommands).toBe(0)
})

test('a new node is refused by an engine without room, and nothing of it stays', async () => {
  const { engine, host } = stage()
  engine.full = true
  await expect(host.node('/local/new', { create: true })).rejects.toThrow('no room')
  engine.full = false
  expect(await host.node('/local/new', { create: false })).toBe('absent')
  await createNode(host, '/local/new')
  expect(await host.list('/local')).toEqual(['/local/new'])
})

test('a tablet that is fenced out while it waits for room ends as fenced', async () => {
  const { engine, clock, host, session } = await fullStage()
  const visitor = new Visitor(await nodeAt(host))
  visitor.attach({ session })
  await settle()
  engine.full = false
  const other = stage({}, engine)
  await nodeAt(other.host)
  await clock.advance(1_000)
  expect(visitor.end).toBe('fenced')
})

// guards: D4
test('a node without room stays in memory, since loading it again would need room', async () => {
  const { engine, clock, host } = await fullStage()
  const visitor = new Visitor(await nodeAt(host))
  visitor.describeNode()
  await settle()
  visitor.stream.close()
  await clock.advance(300_000)
  await nodeAt(host)
  expect(engine.claims).toBe(1)
})
