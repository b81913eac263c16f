/** A client that does not read what its watches are shown. */
import type { WatchShown } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { HeldStates } from '../../src/grpc/held-states.ts'
import { dial } from './frame-client.ts'
import { serveNode } from './harness.ts'

const STANDING = {
  kind: 'describe',
  owners: false,
  waiters: false,
  watchData: true,
  watchOwners: false,
  watchAbsent: false,
  watchStands: true,
} as const
/** Together far more than a connection may have unsent. */
const CHANGES = 80

function stateOf(serial: number): Uint8Array {
  const data = new Uint8Array(1_000_000)
  data[0] = serial
  return data
}

// guards: W3, O3
test('a client that does not read is shown the latest state when it does, no old one after it, and is not cut off', async () => {
  const { server } = await serveNode()
  const writer = dial(server)
  const { channel: written } = await writer.open()
  for (const name of ['s', 't']) {
    const create = { kind: 'create', name, limit: 1n, data: stateOf(0) } as const
    await writer.reply(writer.ask(written, create), 'done')
  }
  const client = dial(server)
  const { channel } = await client.open()
  const watches = ['s', 't'].map((name) => client.ask(channel, { ...STANDING, name }))
  for (const id of watches) await client.reply(id, 'described')
  client.ping(60_000)
  client.pause()
  for (let serial = 1; serial <= CHANGES; serial += 1) {
    for (const name of serial === CHANGES ? ['t', 's'] : ['s', 't']) {
      const update = { kind: 'update', name, data: stateOf(serial) } as const
      await writer.reply(writer.ask(written, update), 'done')
    }
  }
  client.resume()
  for (const id of watches) {
    const isLast = (ids: readonly number[], serial: number | undefined): boolean =>
      ids.includes(id) && serial === CHANGES
    await client.until('shown', ({ ids, description }) => isLast(ids, description?.data[0]))
    const serials = client.messages.flatMap((message) =>
      message.kind === 'shown' && message.ids.includes(id)
        ? [message.description?.data[0] ?? 0]
        : [],
    )
    expect(serials).toEqual(serials.toSorted((one, other) => one - other))
    expect(serials.length).toBeLessThan(CHANGES / 2)
  }
}, 60_000)

function named(name: string): NonNullable<WatchShown['description']> {
  const data = new Uint8Array(0)
  return { name, limit: 1n, data, ephemeral: false, count: 0n, owners: [], waiters: [] }
}

test('of each watch the latest state is held, and each state is told once', () => {
  const held = new HeldStates()
  const [old, news] = [named('old'), named('new')]
  expect(held.isEmpty).toBe(true)
  held.hold({ kind: 'shown', ids: [1, 2, 3], description: old })
  held.hold({ kind: 'shown', ids: [2, 4], description: news })
  held.hold({ kind: 'shown', ids: [3], description: null })
  expect(held.take()).toEqual([
    { kind: 'shown', ids: [1], description: old },
    { kind: 'shown', ids: [2, 4], description: news },
    { kind: 'shown', ids: [3], description: null },
  ])
  expect([held.isEmpty, held.take()]).toEqual([true, []])
})
