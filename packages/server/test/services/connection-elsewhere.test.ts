/** A client of Tenure's own protocol is sent to the server that has its node, if it has said that it goes there. */
import { CAPABILITY } from '@tenure/protocol'
import { expect, test } from 'vitest'
import type { Neighbours } from '../../src/services/neighbours.ts'
import { settle } from '../tablet/manual-clock.ts'
import { connectionStage, PATH } from './connection-stage.ts'

const PLACE = { address: '10.0.0.2:2136', server: 'two' }

/** The stage's node belongs to another server. */
function moved(): Neighbours & { log: unknown[] } {
  const log: unknown[] = []
  return {
    log,
    addresses: [],
    name: 'one',
    placeOf: (path) => (path === PATH ? PLACE : null),
    sent: () => void log.push('sent'),
    unreached: ({ address }) => void log.push(`unreached ${address}`),
  }
}

test('a client that goes where it is sent is told where the node is, and nothing is begun here', async () => {
  const neighbours = moved()
  const { connect, host } = await connectionStage({ neighbours })
  const caller = connect('', [CAPABILITY.elsewhere])
  expect(caller.all('hello')).toMatchObject([{ server: 'one' }])
  const channel = caller.attach()
  const id = caller.acquire(channel, 'a')
  await settle()
  expect(caller.all('elsewhere')).toEqual([{ kind: 'elsewhere', channel, ...PLACE }])
  expect(caller.repliesTo(id)).toMatchObject([{ kind: 'refused', code: 'BAD_SESSION' }])
  expect(host.statistics().sessions).toBe(0)
  expect(neighbours.log).toEqual(['sent'])
})

test('a client that does not know of this is forwarded', async () => {
  const neighbours = moved()
  const { connect } = await connectionStage({ neighbours })
  const caller = connect('', ['of a later version'])
  await caller.open()
  expect(caller.all('elsewhere')).toEqual([])
  expect(neighbours.log).toEqual([])
})

test('a client that cannot reach the other server is forwarded, and counted', async () => {
  const neighbours = moved()
  const { connect } = await connectionStage({ neighbours })
  const caller = connect('', [CAPABILITY.elsewhere])
  const channel = caller.attach({ unreached: PLACE.server })
  await settle()
  caller.sessionOf(channel)
  expect(neighbours.log).toEqual([`unreached ${PLACE.address}`])
})

test('a client that cannot reach some other server is sent to the one that has the node now', async () => {
  const { connect } = await connectionStage({ neighbours: moved() })
  const caller = connect('', [CAPABILITY.elsewhere])
  const channel = caller.attach({ unreached: 'three' })
  expect(caller.all('elsewhere')).toEqual([{ kind: 'elsewhere', channel, ...PLACE }])
})

test('a client without a right is told nothing of other servers', async () => {
  const { connect } = await connectionStage({ neighbours: moved(), users: { anna: 'secret' } })
  const caller = connect('wrong', [CAPABILITY.elsewhere])
  expect(caller.endOf(caller.attach())).toBe('UNAUTHORIZED')
  expect(caller.all('elsewhere')).toEqual([])
})
