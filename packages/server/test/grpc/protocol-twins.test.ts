/**
 * The same requests over both protocols, on a node each: what is done and what is answered is the same.
 *
 * guards: L1, X2, X3, X4, W1, M2
 */
import type { SessionOperation } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { drawOf, freshSeed, oneOf, type Draw } from '../../../../test/seed.ts'
import { dial } from './frame-client.ts'
import { serveNode } from './harness.ts'
import { OwnSide, SESSIONS, YdbSide } from './protocol-sides.ts'

const REQUESTS = 400
const FOR_EVER = 2n ** 64n - 1n
const NAMES = ['one', 'other', 'fleeting']
const LONG_NAME = 'n'.repeat(1025)
/** Of what is asked, so much is wrong in itself. */
const WRONG = 0.03

test('requests of any kind have the same effects and answers over both protocols', async () => {
  const seed = freshSeed()
  const draw = drawOf(seed)
  const { server, client } = await serveNode()
  await client.createNode('/local/twin')
  const ydb = await YdbSide.open(() => client.session({ path: '/local/node' }))
  const own = await OwnSide.open(dial(server))
  for (let id = 1; id <= REQUESTS; id += 1) {
    const session = Math.floor(draw() * SESSIONS)
    const operation = anyOperation(draw)
    ydb.ask(session, id, operation)
    own.ask(session, id, operation)
    const [one, other] = [await ydb.heard(), await own.heard()]
    expect({ seed, id, session, operation, heard: other }).toEqual({
      seed,
      id,
      session,
      operation,
      heard: one,
    })
  }
})

function anyOperation(draw: Draw): SessionOperation {
  const name = draw() < WRONG ? LONG_NAME : oneOf(draw, NAMES)
  const data = Buffer.from(oneOf(draw, ['', 'a', 'b']))
  const kind = oneOf(draw, ['acquire', 'acquire', 'acquire', 'release', 'release', 'describe'])
  if (draw() < 0.25) return anyChange(draw, name, data)
  if (kind === 'acquire') {
    const count = draw() < WRONG ? 0n : oneOf(draw, [1n, 1n, 2n, 3n, 4n, FOR_EVER])
    const timeoutMs = draw() < WRONG ? 86_400_001n : oneOf(draw, [0n, FOR_EVER, FOR_EVER])
    const ephemeral = draw() < (name === 'fleeting' ? 0.9 : 0.05)
    return { kind, name, count, timeoutMs, data, ephemeral }
  }
  if (kind === 'release') return { kind, name }
  const [owners, waiters] = [draw() < 0.7, draw() < 0.7]
  const [watchData, watchOwners] = [draw() < 0.4, draw() < 0.4]
  return {
    kind: 'describe',
    name,
    owners,
    waiters,
    watchData,
    watchOwners,
    watchAbsent: false,
    watchStands: false,
  }
}

function anyChange(draw: Draw, name: string, data: Uint8Array): SessionOperation {
  const kind = oneOf(draw, ['create', 'create', 'create', 'update', 'update', 'delete'])
  if (kind === 'create')
    return { kind, name, data, limit: draw() < WRONG ? 0n : oneOf(draw, [1n, 3n, 3n]) }
  if (kind === 'update') return { kind, name, data }
  return { kind: 'delete', name, force: draw() < 0.5 }
}
