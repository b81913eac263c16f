/**
 * Two servers on one store, asked at once for nodes of which one lies above the other.
 */
import type { Engine, Partition } from '@tenure/engine'
import { openMemoryEngine } from '@tenure/engine/memory'
import { NODE_KEY, type NodeConfig } from '@tenure/kernel'
import { asyncProperty, type Scheduler, scheduler } from 'fast-check'
import { expect, test } from 'vitest'
import { counterexample } from '../../../../test/property.ts'
import { systemClock } from '../../src/clock.ts'
import { Host, type HostedNode } from '../../src/host/host.ts'
import { type Answer, ask } from '../../src/services/ask.ts'

const UPPER = '/local/app'
const LOWER = '/local/app/locks'
const LOWEST = '/local/app/locks/of/many'
const CONFIG: NodeConfig = {
  selfCheckPeriodMs: 0,
  sessionGracePeriodMs: 0,
  readConsistency: 'unset',
  attachConsistency: 'unset',
  rateLimiterCounters: 'unset',
}

type Pass = <T>(work: () => Promise<T>) => Promise<T>

/** An engine that several servers use, each call of which ends when `pass` lets it. */
function shared(pass: Pass): Engine {
  const engine = openMemoryEngine()
  return {
    name: engine.name,
    durable: engine.durable,
    members: { join: () => Promise.reject(new Error('nobody joins')), async *watch() {} },
    claim: (...asked) => pass(async () => passing(await engine.claim(...asked), pass)),
    ownerOf: (name) => pass(() => engine.ownerOf(name)),
    partitions: (prefix) => engine.partitions(prefix),
    peek: (name, key) => pass(() => engine.peek(name, key)),
    cut: () => engine.cut(),
    close: () => engine.close(),
  }
}

function passing(partition: Partition, pass: Pass): Partition {
  return {
    epoch: partition.epoch,
    limits: partition.limits,
    scan: (range) => partition.scan(range),
    get: (key) => partition.get(key),
    commit: (writes) => pass(() => partition.commit(writes)),
    confirm: () => pass(() => partition.confirm()),
    close: () => partition.close(),
  }
}

/** Whatever comes of it. */
async function create(host: Host, path: string): Promise<void> {
  try {
    const node = await host.node(path, { create: true })
    if (typeof node !== 'string') await asked(node)
  } catch {
    // Another server has claimed the node meanwhile.
  }
}

function asked(node: HostedNode): Promise<Answer> {
  return ask(node, { kind: 'create-node', requestId: 0n, config: CONFIG }, systemClock)
}

async function storedOf(engine: Engine, paths: readonly string[]): Promise<string[]> {
  const rows = await Promise.all(paths.map((path) => engine.peek(path, NODE_KEY)))
  return paths.filter((_path, index) => rows[index] !== undefined)
}

test('of two creations that two servers have let in, one above the other, the later check wins', async () => {
  const engine = shared((work) => work())
  await using one = hostOn(engine, 'one')
  await using two = hostOn(engine, 'two')
  const upper = await one.node(UPPER, { create: true })
  const lower = await two.node(LOWER, { create: true })
  if (typeof upper === 'string' || typeof lower === 'string') throw new Error('refused too early')
  const answers = await Promise.all([upper, lower].map(asked))
  expect(answers.map(({ kind }) => kind)).toEqual(['unavailable', 'done'])
  expect(await storedOf(engine, [UPPER, LOWER])).toEqual([LOWER])
  expect(await two.node(UPPER, { create: true })).toBe('not-a-node')
})

test('however the calls of two servers to the engine fall, no node comes to lie above another', async () => {
  const never = asyncProperty(scheduler(), async (order: Scheduler) => {
    const engine = shared((work) => order.schedule(Promise.resolve()).then(work))
    await using one = hostOn(engine, 'one')
    await using two = hostOn(engine, 'two')
    const created = Promise.all([
      create(one, UPPER),
      create(two, LOWER),
      create(one, LOWEST),
      create(two, UPPER),
    ])
    await order.waitFor(created)
    const stored = await order.waitFor(storedOf(engine, [UPPER, LOWER, LOWEST]))
    expect(stored.length).toBeLessThan(2)
    const closing = Promise.all([one.close(), two.close()])
    await order.waitFor(closing)
  })
  expect(await counterexample(never, 300)).toBeUndefined()
})

function hostOn(engine: Engine, id: string): Host & AsyncDisposable {
  const host = new Host({ engine, owner: { id, address: `${id}:1` } })
  return Object.assign(host, { [Symbol.asyncDispose]: () => host.close() })
}
