/** Watches of semaphores over Tenure's own protocol: told once, or shown each state. */
import type { ServerMessage } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { sayShown } from '../../src/services/connection/shown.ts'
import { settle } from '../tablet/manual-clock.ts'
import { connectionStage, FOR_EVER, NOTHING } from './connection-stage.ts'

const STANDING = {
  kind: 'describe',
  name: 'a',
  owners: true,
  waiters: false,
  watchData: true,
  watchOwners: true,
  watchAbsent: true,
  watchStands: true,
} as const

test('a watch of a semaphore fires under the id of its describe', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const [first, second] = [await caller.open(), await caller.open()]
  const id = caller.ask(first, { ...STANDING, watchData: false, watchStands: false })
  await settle()
  caller.acquire(second, 'a')
  await settle()
  expect(caller.repliesTo(id)).toEqual([
    { kind: 'described', description: null, watchAdded: true },
    { kind: 'changed', data: true, owners: true },
  ])
})

test('watches of one connection that stand are shown a state in one message, until they are forgotten', async () => {
  const { connect } = await connectionStage()
  const [caller, writer] = [connect(), connect()]
  const channels = [await caller.open(), await caller.open()]
  const ids = channels.map((channel) => caller.ask(channel, STANDING))
  const own = await writer.open()
  await settle()
  writer.ask(own, { kind: 'create', name: 'a', limit: 2n, data: NOTHING })
  writer.ask(own, { kind: 'update', name: 'a', data: Buffer.from('x') })
  await settle()
  const data = Buffer.from('x')
  expect(caller.all('shown')).toMatchObject([{ ids, description: { limit: 2n, data } }])
  const [first = 0, second = 0] = ids
  caller.say({ kind: 'forget', channel: channels[0] ?? 0, target: first })
  writer.ask(own, { kind: 'delete', name: 'a', force: false })
  await settle()
  expect(caller.all('shown').slice(1)).toEqual([
    { kind: 'shown', ids: [second], description: null },
  ])
  caller.say({ kind: 'leave', channel: channels[1] ?? 0 })
  writer.ask(own, { kind: 'create', name: 'a', limit: 2n, data: NOTHING })
  await settle()
  expect(caller.all('shown')).toHaveLength(2)
})

test('a state that is too large to be shown is told of as a change, and who asks anew hears why', () => {
  const data = new Uint8Array(1_048_576)
  const holder = { session: 1n, orderId: 1n, count: 1n, data, timeoutMs: 0n }
  const owners = Array.from({ length: 60 }, () => holder)
  const state = { name: 's', limit: FOR_EVER, data, ephemeral: false, held: 60n, waiters: [] }
  const said: ServerMessage[] = []
  const event = { kind: 'semaphore-shown', stream: 1, requestIds: [3n, 4n] } as const
  sayShown({ ...event, description: { ...state, owners } }, (message) => said.push(message))
  const reply = { kind: 'changed', data: true, owners: true }
  expect(said).toEqual([
    { kind: 'answer', id: 3, reply },
    { kind: 'answer', id: 4, reply },
  ])
})

test('a state is made into a message once, however many connections are shown it', () => {
  const state = { name: 's', limit: 1n, data: NOTHING, ephemeral: false, held: 0n }
  const description = { ...state, owners: [], waiters: [] }
  const said: ServerMessage[] = []
  for (const stream of [1, 2]) {
    const event = { kind: 'semaphore-shown', stream, requestIds: [3n], description } as const
    sayShown(event, (message) => said.push(message))
  }
  const [first, second] = said.map((message) =>
    message.kind === 'shown' ? message.description : null,
  )
  expect(first).toMatchObject({ name: 's' })
  expect(second).toBe(first)
})
