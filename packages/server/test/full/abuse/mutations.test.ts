/**
 * Thousands of recorded sessions with spoilt bytes.
 *
 * guards: M1, M2, M3, O5
 */
import { expect, test } from 'vitest'
import { scaled } from '../../../../../test/scale.ts'
import { freshSeed } from '../../../../../test/seed.ts'
import { Canary } from '../../grpc/canary.ts'
import { connect } from '../../grpc/harness.ts'
import { sendSpoilt } from '../../grpc/mutations.ts'
import { Abused } from './abused.ts'

const COUNT = 5_000

test('spoilt sessions hurt nobody else', async () => {
  const seed = freshSeed()
  const server = await Abused.start()
  await connect({ grpcAddress: server.address }).createNode('/local/node')
  const canary = await Canary.beside(server.address)
  await sendSpoilt(server.address, canary, { seed, count: scaled(COUNT) })
  await expect
    .poll(async () => (await server.measure()).attachedSessions, { timeout: 20_000 })
    .toBe(1)
})
