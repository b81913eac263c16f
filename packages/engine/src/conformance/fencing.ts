/** Claims: the later one fences the earlier ones out. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import type { Engine } from '../engine.ts'
import { FencedError } from '../errors.ts'
import { bytes, LATER, OWNER, put, read, text } from './entries.ts'

// guards: X6
export const fencingTests: Record<string, (engine: Engine) => Promise<void>> = {
  'a later claim fences the earlier out, and sees all it wrote': async (engine) => {
    const older = await engine.claim('p', OWNER)
    await older.commit([put('a', '1')])
    await older.confirm()
    const newer = await engine.claim('p', LATER)
    ok(newer.epoch > older.epoch)
    deepEqual(await read(newer), ['a=1'])
    await rejects(older.commit([put('a', '2'), put('b', '2')]), FencedError)
    await rejects(older.confirm(), FencedError)
    await rejects(older.get(bytes('a')), FencedError)
    await rejects(read(older), FencedError)
    await newer.confirm()
    deepEqual(await read(newer), ['a=1'])
  },

  'a claim can be asked to be above an epoch, and never goes back': async (engine) => {
    const first = await engine.claim('p', OWNER, 1_000_000n)
    ok(first.epoch > 1_000_000n)
    const second = await engine.claim('p', LATER, 5n)
    ok(second.epoch > first.epoch)
    await rejects(first.confirm(), FencedError)
  },

  'a refused commit does not disturb those offered beside it': async (engine) => {
    const older = await engine.claim('p', OWNER)
    const other = await engine.claim('q', OWNER)
    const newer = await engine.claim('p', LATER)
    const outcomes = await Promise.allSettled([
      other.commit([put('a', '1')]),
      older.commit([put('a', 'fenced')]),
      newer.commit([put('a', '1')]),
      other.commit([put('b', '2')]),
    ])
    deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    )
    deepEqual(await read(newer), ['a=1'])
    deepEqual(await read(other), ['a=1', 'b=2'])
  },

  'commits offered before a claim are whole when the claim resolves': async (engine) => {
    const older = await engine.claim('p', OWNER)
    const commits = Array.from({ length: 20 }, (_, index) =>
      older.commit([put(`a${index}`, ''), put(`b${index}`, '')]),
    )
    const claiming = engine.claim('p', LATER)
    const outcomes = await Promise.allSettled(commits)
    const written = outcomes.filter(({ status }) => status === 'fulfilled').length
    equal((await read(await claiming)).length, written * 2)
  },

  'a history that is cut off by claims again and again has no hole': async (engine) => {
    let acknowledged = 0
    for (let claims = 0; claims < 8; claims += 1) {
      const partition = await engine.claim('p', OWNER)
      equal((await partition.get(bytes('last')))?.length === undefined, claims === 0)
      const last = Number(text((await partition.get(bytes('last'))) ?? bytes('0')))
      ok(last >= acknowledged, `${acknowledged} was acknowledged, found ${last}`)
      equal((await read(partition)).length, last === 0 ? 0 : last + 1)
      const commits = Array.from({ length: 12 }, (_, index) => {
        const number = last + 1 + index
        return partition.commit([put('last', `${number}`), put(`n${number}`, '')])
      })
      const settled = Promise.allSettled(commits)
      await commits[claims]
      acknowledged = last + claims + 1
      const newer = await engine.claim('p', LATER)
      const found = text((await newer.get(bytes('last'))) ?? bytes(''))
      const outcomes = await settled
      acknowledged = last + outcomes.filter(({ status }) => status === 'fulfilled').length
      ok(Number(found) >= acknowledged)
      equal(text((await newer.get(bytes('last'))) ?? bytes('')), found)
    }
  },

  'claims made at once get epochs of their own, and the last stands': async (engine) => {
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, index) => engine.claim('p', { id: `${index}`, address: '' })),
    )
    const epochs = claims.map(({ epoch }) => epoch)
    equal(new Set(epochs).size, 10)
    const last = claims.reduce((left, right) => (left.epoch > right.epoch ? left : right))
    await last.commit([put('a', '1')])
    for (const claim of claims) if (claim !== last) await rejects(claim.commit([]), FencedError)
  },

  'the owner and the partitions can be asked for': async (engine) => {
    equal(await engine.ownerOf('p'), null)
    for (const name of ['p/b', 'p/a', 'q', 'p', 'p/a/é']) await engine.claim(name, OWNER)
    const { epoch } = await engine.claim('p/a', LATER)
    deepEqual(await engine.ownerOf('p/a'), { ...LATER, epoch })
    deepEqual(await names(engine, 'p/'), ['p/a', 'p/a/é', 'p/b'])
    deepEqual(await names(engine, ''), ['p', 'p/a', 'p/a/é', 'p/b', 'q'])
    deepEqual(await names(engine, 'x'), [])
  },

  'one value can be looked at without a claim': async (engine) => {
    equal(await engine.peek('p', bytes('a')), undefined)
    const partition = await engine.claim('p', OWNER)
    await partition.commit([put('a', '1')])
    deepEqual(Uint8Array.from((await engine.peek('p', bytes('a'))) ?? []), bytes('1'))
    equal(await engine.peek('p', bytes('b')), undefined)
  },

  'a name that cannot be is refused': async (engine) => {
    for (const name of ['', 'x'.repeat(1901), 'a\ud800']) {
      await rejects(engine.claim(name, OWNER), RangeError)
    }
    await engine.claim('x'.repeat(1900), OWNER)
  },
}

async function names(engine: Engine, prefix: string): Promise<string[]> {
  const found: string[] = []
  for await (const name of engine.partitions(prefix)) found.push(name)
  return found
}
