import { expect, test } from 'vitest'
import { DamagedError, EngineError } from '@tenure/engine'
import { settle } from '../tablet/manual-clock.ts'
import { createNode, nodeAt, PATH, stage } from '../tablet/stage.ts'
import { visit, Visitor } from '../tablet/visitor.ts'

test('uses that come at the same time share one loading', async () => {
  const { engine, host } = stage()
  await createNode(host)
  await host.close()
  const next = stage({}, engine)
  const nodes = await Promise.all([nodeAt(next.host), nodeAt(next.host), nodeAt(next.host)])
  expect(new Set(nodes).size).toBe(1)
  expect(engine.claims).toBe(2)
})

test('a path that was never created claims nothing', async () => {
  const { engine, host } = stage()
  expect(await host.node('/local/nothing', { create: false })).toBe('absent')
  expect(engine.claims).toBe(0)
  expect(await engine.ownerOf('/local/nothing')).toBe(null)
})

test('no node lies below another one', async () => {
  const { host } = stage()
  await createNode(host)
  expect(await host.node(`${PATH}/below`, { create: true })).toBe('not-a-directory')
  expect(await host.node(`${PATH}/far/below`, { create: false })).toBe('not-a-directory')
})

test('no node lies above another one', async () => {
  const { host } = stage()
  await createNode(host, '/local/app/locks')
  expect(await host.node('/local/app', { create: true })).toBe('not-a-node')
  expect(await host.node('/local', { create: false })).toBe('not-a-node')
  expect(await host.node('/local/ap', { create: false })).toBe('absent')
})

test('of two creations that race, one above the other, one wins', async () => {
  const { host } = stage()
  const [upper, lower] = await Promise.all([
    host.node('/local/app', { create: true }),
    host.node('/local/app/locks', { create: true }),
  ])
  expect(typeof upper).toBe('object')
  expect(lower).toBe('not-a-directory')
})

test('a place that was kept for a creation is free again when the creation was refused', async () => {
  const { host } = stage({ tablet: { commandsMax: 0 } })
  const node = await host.node('/local/app', { create: true })
  if (typeof node === 'string') throw new Error(node)
  const visitor = new Visitor(node)
  visitor.createNode()
  expect(visitor.refused.length).toBe(1)
  expect(typeof (await host.node('/local/app/locks', { create: true }))).toBe('object')
})

test('a node that was dropped leaves its place to nodes below it', async () => {
  const { host } = stage()
  const visitor = new Visitor(await createNode(host))
  visitor.dropNode()
  await settle()
  await createNode(host, `${PATH}/below`)
  expect(await host.list('/local')).toEqual([`${PATH}/below`])
  expect(await host.node(PATH, { create: true })).toBe('not-a-node')
})

// guards: L3
test('a drop that is not durable yet keeps the place', async () => {
  const { engine, host } = stage()
  const visitor = new Visitor(await createNode(host))
  engine.holding = true
  visitor.dropNode()
  await settle()
  expect(await host.node(`${PATH}/below`, { create: true })).toBe('not-a-directory')
  engine.letAll()
})

test('list gives the existing nodes at or below a prefix, ascending', async () => {
  const { host } = stage()
  for (const path of ['/local/b', '/local/a/y', '/local/a/x', '/local/ab']) {
    await createNode(host, path)
  }
  await host.node('/local/a/never', { create: true })
  expect(await host.list('/local')).toEqual(['/local/a/x', '/local/a/y', '/local/ab', '/local/b'])
  expect(await host.list('/local/a')).toEqual(['/local/a/x', '/local/a/y'])
  expect(await host.list('/local/b')).toEqual(['/local/b'])
  expect(await host.list('/')).toHaveLength(4)
})

// guards: O1
test('a node that nobody uses leaves memory, and comes back with what it holds', async () => {
  const { clock, host } = stage()
  const node = await createNode(host)
  const visitor = await visit(node)
  visitor.createSemaphore('kept')
  await settle()
  await clock.advance(200_000)
  expect(host.statistics().tablets).toBe(1)
  visitor.stream.close()
  await clock.advance(200_000)
  expect(host.statistics().tablets).toBe(0)
  const again = await visit(await nodeAt(host))
  again.describe('kept')
  await settle()
  expect(again.said).toEqual(['semaphore-described'])
})

test('a stream of a node that has left memory ends at once', async () => {
  const { clock, host } = stage()
  const node = await createNode(host)
  await clock.advance(200_000)
  const late = new Visitor(node)
  expect(late.end).toBe(null)
  await settle()
  expect(late.end).toBe('stopped')
})

// guards: O1
test('after its close a host gives nothing', async () => {
  const { clock, host } = stage()
  await createNode(host)
  await host.close()
  await host.close()
  await expect(host.node(PATH, { create: false })).rejects.toThrow(EngineError)
  expect(clock.timers).toBe(0)
})

// guards: S7
test('a close that takes too long ends the streams as failed', async () => {
  const { engine, clock, host } = stage({ host: { closeMs: 1_000 } })
  const visitor = await visit(await createNode(host))
  engine.holding = true
  visitor.acquire('a')
  await settle()
  const closed = host.close()
  await clock.advance(1_000)
  await closed
  expect([visitor.said, visitor.end]).toEqual([[], 'failed'])
  engine.letAll()
})

// guards: D5
test('a node whose rows cannot be understood is not served, and others are', async () => {
  const { engine, host } = stage()
  const partition = await engine.claim('/local/damaged', { id: 'test', address: '' })
  await partition.commit([{ kind: 'put', key: new Uint8Array([2]), value: new Uint8Array([99]) }])
  await expect(host.node('/local/damaged', { create: false })).rejects.toThrow(DamagedError)
  await expect(host.node('/local/damaged', { create: false })).rejects.toThrow(DamagedError)
  await createNode(host)
  expect(host.statistics().tablets).toBe(1)
})

test('statistics tell what is here and what was done', async () => {
  const { host } = stage()
  const visitor = await visit(await createNode(host))
  visitor.acquire('a')
  await settle()
  const { counters, ...gauges } = host.statistics()
  expect(gauges).toMatchObject({ tablets: 1, streams: 1, sessions: 1, owners: 1, semaphores: 1 })
  expect(counters.commits).toBe(3)
  expect(counters.commitMs.count).toBe(3)
  expect(counters.batchCommands.sum).toBe(counters.commands)
})
