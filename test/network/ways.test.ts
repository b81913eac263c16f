/**
 * Ways to the server that break, a short look; `full/network` has the long one.
 *
 * guards: X1, X7, W3, S1
 */
import { expect, test } from 'vitest'
import { Bystander } from '../crowd/bystander.ts'
import { Crowd } from '../crowd/crowd.ts'
import { ServerProcess } from '../program.ts'
import { Proxy } from '../proxy.ts'
import { drawOf, freshSeed } from '../seed.ts'
import { storm } from './storm.ts'

const TIMEOUT_MS = 1_200

test(
  'while ways break, holders fit into the limit and watchers see the last value',
  { timeout: 120_000 },
  async () => {
    const seed = freshSeed()
    const draw = drawOf(seed)
    await using server = await ServerProcess.start()
    await using one = await Proxy.open(server.port, { random: draw })
    await using other = await Proxy.open(server.port, { random: draw })
    const path = '/local/ways'
    const { address: direct } = server
    await using bystander = await Bystander.come(direct, path, TIMEOUT_MS)
    const addresses = [one, other].map(({ host }) => `grpc://${host}/local`)
    await using crowd = new Crowd({ addresses, direct, path, timeoutMs: TIMEOUT_MS, seed })
    await crowd.moves()
    const done = await storm([one, other], { draw, faults: 8, longestMs: 400 })
    await crowd.gather()
    expect({ seed, violations: crowd.violations, done }).toEqual({ seed, violations: [], done })
    expect({ seed, states: bystander.states }).toEqual({ seed, states: ['attached'] })
  },
)
