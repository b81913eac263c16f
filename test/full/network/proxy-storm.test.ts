/**
 * A crowd whose ways to the server break in every manner that a proxy can show.
 *
 * guards: X1, X2, X7, S1, S6, W3, L2
 */
import { expect, test } from 'vitest'
import { Bystander } from '../../crowd/bystander.ts'
import { Crowd } from '../../crowd/crowd.ts'
import { ServerProcess } from '../../program.ts'
import { Proxy } from '../../proxy.ts'
import { scaled } from '../../scale.ts'
import { drawOf, freshSeed } from '../../seed.ts'
import { storm } from '../../network/storm.ts'

const WAYS = 6
const FAULTS = 50
const TIMEOUT_MS = 1_200

test('whatever happens to connections, holders fit into the limit and watchers see the last value', async () => {
  const seed = freshSeed()
  const draw = drawOf(seed)
  await using server = await ServerProcess.start()
  const proxies = await Promise.all(
    Array.from({ length: WAYS }, () => Proxy.open(server.port, { random: draw })),
  )
  try {
    const path = '/local/proxy-storm'
    await using bystander = await Bystander.come(server.address, path, TIMEOUT_MS)
    await using crowd = new Crowd({
      addresses: proxies.map(({ host }) => `grpc://${host}/local`),
      direct: server.address,
      path,
      timeoutMs: TIMEOUT_MS,
      seed,
    })
    await crowd.moves()
    const done = await storm(proxies, {
      draw,
      faults: scaled(FAULTS),
      longestMs: TIMEOUT_MS * 1.5,
    })
    await crowd.gather()
    expect({ seed, violations: crowd.violations, done }).toEqual({ seed, violations: [], done })
    expect({ seed, states: bystander.states }).toEqual({ seed, states: ['attached'] })
  } finally {
    await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()))
  }
})
