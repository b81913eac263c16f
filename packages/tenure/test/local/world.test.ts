/** Worlds in this process: who shares one, when it begins and ends. */
import type { Engine } from '@tenure/engine'
import { openMemoryEngine } from '@tenure/engine/memory'
import { expect, test } from 'vitest'
import { Worlds } from '../../src/local/world.ts'

function maker() {
  const events: string[] = []
  return {
    events,
    openEngine: (): Engine => {
      events.push('open')
      const engine = openMemoryEngine()
      const close = engine.close.bind(engine)
      return Object.assign(engine, {
        close: async () => {
          await close()
          events.push('closed')
        },
      })
    },
    openHost: () => ({
      node: () => Promise.resolve('absent' as const),
      list: () => Promise.resolve([]),
      settings: () => Promise.resolve(null),
      close: async () => {
        events.push('stopped')
      },
    }),
  }
}

test('users of one name share a world, and the last one ends it', async () => {
  const worlds = new Worlds()
  const made = maker()
  const one = worlds.use('a', made)
  const two = worlds.use('a', made)
  expect(await one.host).toBe(await two.host)
  await one.release()
  expect(made.events).toEqual(['open'])
  await two.release()
  expect(made.events).toEqual(['open', 'stopped', 'closed'])
})

test('users of different names share nothing', async () => {
  const worlds = new Worlds()
  const one = worlds.use('a', maker())
  const two = worlds.use('b', maker())
  expect(await one.host).not.toBe(await two.host)
  await Promise.all([one.release(), two.release()])
})

test('giving a part back twice counts once', async () => {
  const worlds = new Worlds()
  const made = maker()
  const one = worlds.use('a', made)
  const two = worlds.use('a', made)
  await one.release()
  await one.release()
  expect(made.events).toEqual(['open'])
  await two.release()
})

test('a world begins anew only after the one before has closed', async () => {
  const worlds = new Worlds()
  const made = maker()
  const one = worlds.use('a', made)
  await one.host
  const released = one.release()
  const two = worlds.use('a', made)
  await two.host
  await released
  expect(made.events).toEqual(['open', 'stopped', 'closed', 'open'])
  await two.release()
})

test('a world that cannot begin tells its user, and the next one tries again', async () => {
  const worlds = new Worlds()
  const made = maker()
  const broken = {
    ...made,
    openEngine: (): Engine => {
      throw new Error('held by process 7')
    },
  }
  const one = worlds.use('a', broken)
  await expect(one.host).rejects.toThrow('held by process 7')
  await one.release()
  const two = worlds.use('a', made)
  await two.host
  await two.release()
})
