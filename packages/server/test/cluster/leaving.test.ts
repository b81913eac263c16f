/**
 * A server that ends among others: who gets its nodes, and how long it takes.
 *
 * guards: S7
 */
import { expect, test } from 'vitest'
import type { HostedNode } from '../../src/host/host.ts'
import { settle } from '../tablet/manual-clock.ts'
import { Visitor } from '../tablet/visitor.ts'
import { type ClusterStage, clusterStage, pathsOf, type StageServer } from './stage.ts'

interface Full extends ClusterStage {
  readonly all: readonly StageServer[]
  readonly paths: readonly string[]
}

/** Servers that see each other, and two nodes at each of them. */
async function town(count: number): Promise<Full> {
  const stage = await clusterStage(count)
  const all = Array.from({ length: count }, (_, index) => stage.server(index))
  for (const one of all) await one.sees(...all)
  const paths = all.flatMap((owner) => pathsOf(2, { owner, among: all }))
  const [any] = all
  for (const path of paths) if (any !== undefined) await makeNode(any, path)
  return { ...stage, all, paths }
}

async function makeNode({ cluster }: StageServer, path: string): Promise<Visitor> {
  const node = await settledNode(cluster.host.node(path, { create: true }))
  const visitor = new Visitor(node)
  visitor.createNode()
  await settle()
  return visitor
}

async function settledNode(asking: Promise<HostedNode | string>): Promise<HostedNode> {
  const node = await asking
  if (typeof node === 'string') throw new Error(node)
  return node
}

function runningOn(servers: readonly StageServer[]): number[] {
  return servers.map(({ local }) => local.running.length)
}

test('a server that leaves gives its nodes to those that stay', async () => {
  const { all, paths, server } = await town(3)
  expect(runningOn(all)).toEqual([2, 2, 2])
  const others = [server(1), server(2)]
  for (const other of others) await other.sees(...others)
  await server(0).cluster.leave()
  expect(runningOn(all)[0]).toBe(0)
  expect(runningOn(others).reduce((sum, nodes) => sum + nodes, 0)).toBe(paths.length)
})

test('a server that leaves is given no node, whatever the others know of it', async () => {
  const { all, server, engine } = await town(2)
  const [staying, leaving] = [server(0), server(1)]
  leaving.members.isSlow = true
  const ending = leaving.cluster.leave()
  const { claims } = engine
  // As the first sees it, all that it has belongs to the second.
  await staying.cluster.leave()
  expect(runningOn(all)).toEqual([0, 2])
  expect(engine.claims).toBe(claims)
  expect(leaving.asks.filter(({ kind }) => kind === 'take')).not.toEqual([])
  void ending
})

test('who gets the nodes of a server that leaves prepares for them while they are still served', async () => {
  const { server } = await town(2)
  const [staying, leaving] = [server(0), server(1)]
  const paths = [...leaving.local.running]
  leaving.members.isSlow = true
  void leaving.cluster.leave()
  await settle()
  const [expected, taken] = (['expect', 'take'] as const).map((kind) =>
    staying.asks.flatMap((ask) => (ask.kind === kind ? ask.path : [])),
  )
  expect(expected).toEqual(paths)
  expect(taken).toEqual([])
  expect(staying.expected).toEqual(paths)
  expect(leaving.local.running).toEqual(paths)
})

test('a server that comes prepares for the nodes that it gets', async () => {
  const { server } = await clusterStage(3)
  const [one, two, young] = [server(0), server(1), server(2)]
  await one.sees(two)
  await two.sees(one)
  const paths = pathsOf(2, { owner: young, among: [one, two, young] })
  for (const path of paths) await makeNode(one, path)
  await one.sees(two, young)
  await two.sees(one, young)
  expect(young.expected.toSorted()).toEqual(paths.toSorted())
  expect(young.local.running.toSorted()).toEqual(paths.toSorted())
})

test('servers that all leave at once claim no node anew', async () => {
  const { all, engine } = await town(3)
  const { claims } = engine
  await Promise.all(all.map(({ cluster }) => cluster.leave()))
  expect(runningOn(all)).toEqual([0, 0, 0])
  expect(engine.claims).toBe(claims)
})

test('a server that leaves opens no node for a client; the next one does', async () => {
  const { server } = await town(2)
  const [staying, leaving] = [server(0), server(1)]
  const [path = ''] = pathsOf(1, { owner: leaving, among: [staying, leaving] }, 'late')
  await staying.sees()
  leaving.members.isSlow = true
  void leaving.cluster.leave()
  await makeNode(leaving, path)
  expect(leaving.local.running).not.toContain(path)
  expect(staying.local.runs(path)).toBe(true)
})

test('a server whose engine does not answer leaves in bounded time all the same', async () => {
  const { server, engine, clock } = await town(2)
  const leaving = server(1)
  const [path = ''] = leaving.local.running
  engine.holding = true
  const visitor = new Visitor(await settledNode(leaving.cluster.host.node(path, { create: false })))
  visitor.describeNode()
  await settle()
  leaving.members.isSlow = true
  let hasLeft = false
  void leaving.cluster.leave().then(() => (hasLeft = true))
  await clock.advance(8_000)
  expect(hasLeft).toBe(true)
  engine.letAll()
})
