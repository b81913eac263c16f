import { afterEach, expect, test, vi } from 'vitest'
import { Kernel } from '@tenure/kernel'
import type { NodeConfig } from '@tenure/kernel'
import { readFileSync, readdirSync } from 'node:fs'
import { CONFIG, TestNode, kinds } from './node.ts'
import { playTranscript } from './transcript.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

// A fixed stream of pseudo-random numbers, so that two runs get the same.
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 0x1_0000_0000) * below)
  }
}

function forbidden(): never {
  throw new Error('a kernel must not ask for this')
}

/** Everything a busy life of a node says and writes. */
function live(seed: number): unknown[] {
  const next = numbers(seed)
  const node = new TestNode({ semaphoresMax: 20 })
  const told: unknown[] = []
  for (let session = 0; session < 10; session++) told.push(node.attach())
  for (let index = 0; index < 5_000; index++) {
    const session = BigInt(1 + next(10))
    const name = `n${next(30)}`
    const what = next(8)
    if (what < 3)
      told.push(
        node.acquire(session, name, {
          count: BigInt(1 + next(3)),
          timeoutMs: BigInt(next(50)),
          ephemeral: true,
        }),
      )
    else if (what < 6) told.push(node.release(session, name))
    else if (what === 6) told.push(node.advance(next(10)))
    else told.push(node.attach(session, 100n), next(2) === 0 ? node.detach(session) : null)
  }
  return [...told, node.store.dump()]
}

test('the same commands at the same times give the same events and writes', () => {
  expect(live(1)).toEqual(live(1))
  expect(live(1)).not.toEqual(live(2))
})

test('a kernel asks neither clock nor chance', () => {
  const folder = new URL('transcripts/', import.meta.url)
  const transcripts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'))
  for (const name of [
    'Date',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'performance',
    'crypto',
  ]) {
    vi.stubGlobal(name, forbidden)
  }
  vi.spyOn(Math, 'random').mockImplementation(forbidden)
  const played = transcripts.map(playTranscript)
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  expect(played).toEqual(transcripts)
})

test('I-10: time does not go back', () => {
  const kernel = new Kernel()
  kernel.start(5)
  expect(() => kernel.advance(4)).toThrow('I-10')
  expect(() => kernel.apply({ kind: 'drop-node', stream: 1, requestId: 1n }, 4.9)).toThrow('I-10')
  expect(() => kernel.advance(5)).not.toThrow()
})

test('I-11: a kernel is loaded, then started, then used', () => {
  const kernel = new Kernel()
  expect(() => kernel.apply({ kind: 'drop-node', stream: 1, requestId: 1n }, 0)).toThrow('I-11')
  expect(() => kernel.advance(0)).toThrow('I-11')
  kernel.start(0)
  expect(() => kernel.start(0)).toThrow('I-11')
  expect(() => kernel.load([new Uint8Array([1]), new Uint8Array([1])])).toThrow('I-11')
})

test('a step that is taken away stays as it is', () => {
  const node = new TestNode()
  const first = node.attach()
  const copy = structuredClone(first)
  node.attach()
  node.acquire(1n, 'lock', { ephemeral: true })
  expect(first).toEqual(copy)
})

test('a key given to a new session may be reused by who gave it', () => {
  const node = new TestNode()
  const key = new Uint8Array([1, 2, 3])
  const attach = {
    kind: 'attach',
    requestId: 1n,
    timeoutMs: 5n,
    description: '',
    sequenceNumber: 0n,
  } as const
  node.kernel.apply({ ...attach, stream: 1, session: 0n, protectionKey: key }, 0)
  key.fill(0)
  const again = { ...attach, stream: 2, session: 1n, protectionKey: new Uint8Array([1, 2, 3]) }
  expect(kinds(node.kernel.apply(again, 0))).toEqual(['ended', 'attached'])
})

test('settings with a mode there is not are refused, and change nothing', () => {
  const node = new TestNode()
  const asked = { stream: 1, requestId: 1n }
  for (const wrong of [
    { readConsistency: 'loose' },
    { attachConsistency: 'aggregated' },
    { rateLimiterCounters: 'strict' },
  ]) {
    const config: NodeConfig = Object.assign({}, CONFIG, wrong)
    const { events, writes } = node.kernel.apply({ kind: 'alter-node', ...asked, config }, 0)
    expect(events).toMatchObject([{ kind: 'refused', code: 'INVALID_ARGUMENT' }])
    expect(writes).toEqual([])
  }
})
