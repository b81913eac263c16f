/** Closing and opening again. */
import { deepEqual, ok, rejects } from 'node:assert/strict'
import type { Engine } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { bytes, EVERYTHING, LATER, OWNER, put, read, removeRange } from './entries.ts'

type Reopen = ((engine: Engine) => Promise<Engine>) | null

// guards: D1, D2
export const lifetimeTests: Record<string, (engine: Engine, reopen: Reopen) => Promise<void>> = {
  'a closed claim rejects, and the next goes on from there': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    await partition.commit([put('a', '1')])
    await partition.close()
    await rejects(partition.commit([put('a', '2')]), EngineError)
    await rejects(partition.confirm(), EngineError)
    await rejects(partition.get(bytes('a')), EngineError)
    await rejects(read(partition), EngineError)
    deepEqual(await read(await engine.claim('p', OWNER)), ['a=1'])
  },

  'a scan that is under way ends with the engine': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    await partition.commit(Array.from({ length: 3000 }, (_, index) => put(`k${index}`, 'v')))
    const scanning = async (): Promise<void> => {
      for await (const _ of partition.scan(EVERYTHING)) {
        await partition.commit([put('k', 'w')])
        await engine.close()
      }
    }
    await rejects(scanning(), EngineError)
  },

  'closing the engine settles what is in flight, then everything rejects': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    const commits = Array.from({ length: 20 }, (_, index) =>
      partition.commit([put(`${index}`, '')]),
    )
    await Promise.all([engine.close(), ...commits])
    await engine.close()
    await rejects(partition.commit([]), EngineError)
    await rejects(partition.confirm(), EngineError)
    await rejects(read(partition), EngineError)
    await rejects(engine.claim('p', OWNER), EngineError)
    await rejects(engine.ownerOf('p'), EngineError)
    await rejects(engine.peek('p', bytes('a')), EngineError)
  },

  'what was kept is there after opening again, and epochs go on growing': async (
    engine,
    reopen,
  ) => {
    if (reopen === null) return
    const before = await engine.claim('p', OWNER)
    const other = await engine.claim('q', OWNER)
    await before.commit(Array.from({ length: 500 }, (_, index) => put(`k${index}`, `${index}`)))
    await before.commit([removeRange('k2', 'k3'), put('k20', '')])
    await other.commit([put('a', '1')])
    const expected = await read(before)
    await engine.close()
    const again = await reopen(engine)
    try {
      deepEqual(await again.ownerOf('p'), { ...OWNER, epoch: before.epoch })
      const after = await again.claim('p', LATER)
      ok(after.epoch > before.epoch)
      deepEqual(await read(after), expected)
      deepEqual(await read(await again.claim('q', LATER)), ['a=1'])
    } finally {
      await again.close()
    }
  },
}
