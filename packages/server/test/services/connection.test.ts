import { expect, test } from 'vitest'
import { settle } from '../tablet/manual-clock.ts'
import { Caller, connectionStage } from './connection-stage.ts'

test('a hello is answered with one, and a ping at once', async () => {
  const { connect } = await connectionStage()
  const caller = connect()
  const id = caller.ping()
  expect(caller.messages).toEqual([
    { kind: 'hello', version: 1, capabilities: ['records'], agent: 'tenure' },
    { kind: 'pong', id },
  ])
})

// guards: X1, X2
test('sessions of one connection acquire, release and stop', async () => {
  const { connect, host } = await connectionStage()
  const caller = connect()
  const [first, second] = [await caller.open(), await caller.open()]
  const held = caller.acquire(first, 'a')
  const waits = caller.acquire(second, 'a')
  await settle()
  expect(caller.repliesTo(held)).toEqual([{ kind: 'acquired', token: 1n }])
  expect(caller.repliesTo(waits)).toEqual([{ kind: 'pending', orderId: 2n }])
  const released = caller.ask(first, { kind: 'release', name: 'a' })
  await settle()
  expect(caller.repliesTo(released)).toEqual([{ kind: 'released', released: true }])
  expect(caller.repliesTo(waits)).toEqual([
    { kind: 'pending', orderId: 2n },
    { kind: 'acquired', token: 2n },
  ])
  caller.say({ kind: 'stop', channel: first })
  await settle()
  expect(caller.endOf(first)).toBe('STOPPED')
  expect(host.statistics()).toMatchObject({ sessions: 1, streams: 1 })
})

test('the first message must be a hello', async () => {
  const { context } = await connectionStage()
  const caller = new Caller(context)
  caller.ping()
  expect(caller.failure?.error).toBe('INVALID_ARGUMENT')
  expect(caller.stream.ready).toBe(false)
})
