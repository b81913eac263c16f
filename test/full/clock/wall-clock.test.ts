/**
 * Wall clocks that jump, on the server and on a client: nobody expires, nothing waits longer or shorter.
 *
 * guards: S5, S1, X5
 */
import { setTimeout as pause } from 'node:timers/promises'
import { AcquireTimeoutError, connect } from 'tenure'
import { expect, test } from 'vitest'
import type { TestContext } from 'vitest'
import { Bystander } from '../../crowd/bystander.ts'
import { Crowd } from '../../crowd/crowd.ts'
import { lacks } from '../../needs.ts'
import { Program, ServerProcess } from '../../program.ts'
import { scaled } from '../../scale.ts'
import { between, drawOf, freshSeed } from '../../seed.ts'
import type { Draw } from '../../seed.ts'
import { WallClock } from './wall-clock.ts'

const TIMEOUT_MS = 1_500
/** Ends while the clock is wild. */
const WAIT_MS = 6_000
const HOUR_S = 3_600
const JUMPS_PER_SECOND = 100
/** A time that hangs on the wall clock would come in hours, or never. */
const PATIENCE = { timeout: 90_000 }

function clockOf(context: TestContext): WallClock {
  return WallClock.make() ?? lacks(context, 'faketime')
}

/** Two hours on, one hour back, then wild: a hundred jumps a second. Each lasts longer than a session's timeout. */
async function jump(clock: WallClock, draw: Draw): Promise<void> {
  for (const hours of [2, -1, 0]) {
    clock.set(hours * HOUR_S)
    await pause(TIMEOUT_MS * 1.2)
  }
  for (let count = 0; count < scaled(2) * JUMPS_PER_SECOND; count += 1) {
    clock.set(between(draw, -HOUR_S, 2 * HOUR_S))
    await pause(1_000 / JUMPS_PER_SECOND)
  }
  clock.set(0)
}

/** What the server's wall clock says, which is in the head of every answer over HTTP, to the second. */
async function wallOf(server: ServerProcess): Promise<number> {
  const { headers } = await fetch(`http://${server.http}/metrics`)
  return Date.parse(headers.get('date') ?? '')
}

test.concurrent(
  'a server whose wall clock jumps expires nobody and keeps every time',
  PATIENCE,
  async (context) => {
    const seed = freshSeed()
    using clock = clockOf(context)
    await using server = await ServerProcess.start({ environment: clock.environment })
    const path = '/local/clock'
    const { address } = server
    await using holder = await Bystander.come(address, path, TIMEOUT_MS)
    await using _held = await holder.session.mutex('held').lock()
    await using crowd = new Crowd({
      addresses: [address, address],
      direct: address,
      path,
      timeoutMs: TIMEOUT_MS,
      seed,
    })
    await using client = connect(address)
    await using waiting = await client.openSession(path, { timeout: TIMEOUT_MS })
    const began = performance.now()
    const givesUp = async (): Promise<void> => {
      const given = waiting.semaphore('held').acquire({ ephemeral: true, timeout: WAIT_MS })
      await expect(given).rejects.toThrow(AcquireTimeoutError)
    }
    await Promise.all([givesUp(), jump(clock, drawOf(seed))])
    const waitedMs = performance.now() - began
    await crowd.gather()

    const metrics = await server.metrics()
    expect({ seed, expired: metrics.get('tenure_session_expirations_total') }).toEqual({
      seed,
      expired: 0,
    })
    expect({ seed, states: holder.states }).toEqual({ seed, states: ['attached'] })
    expect({ seed, violations: crowd.violations }).toEqual({ seed, violations: [] })
    expect(waitedMs).toBeGreaterThanOrEqual(WAIT_MS)
  },
)

test.concurrent(
  'the wall clock of the server under test is the one that is set',
  PATIENCE,
  async (context) => {
    using clock = clockOf(context)
    await using server = await ServerProcess.start({ environment: clock.environment })
    clock.set(2 * HOUR_S)
    await expect.poll(() => wallOf(server)).toBeGreaterThan(Date.now() + HOUR_S * 1_000)
    clock.set(-HOUR_S)
    await expect.poll(() => wallOf(server)).toBeLessThan(Date.now() - (HOUR_S / 2) * 1_000)
  },
)

test.concurrent(
  'a client whose wall clock jumps keeps its session and its lock',
  PATIENCE,
  async (context) => {
    const seed = freshSeed()
    using clock = clockOf(context)
    await using server = await ServerProcess.start()
    const guest = (name: string, environment: NodeJS.ProcessEnv): Program =>
      new Program(
        'test/full/clock/children/guest.ts',
        [server.address, '/local/guests', String(TIMEOUT_MS), name],
        { environment },
      )
    await using jumping = guest('jumping', clock.environment)
    await using steady = guest('steady', {})
    await Promise.all([jumping.says(/^attached/), steady.says(/^attached/)])

    await jump(clock, drawOf(seed))
    for (const each of [jumping, steady]) await each.says(/^round/)

    const states = [jumping, steady].flatMap(({ lines }) =>
      lines.filter((line) => line.startsWith('state') || line.includes('Error')),
    )
    expect({ seed, states }).toEqual({ seed, states: [] })
    const walls = jumping.lines.flatMap((line) => /^wall (\d+)/.exec(line)?.[1] ?? []).map(Number)
    expect(Math.max(...walls) - Math.min(...walls)).toBeGreaterThan(HOUR_S * 1_000)
    const metrics = await server.metrics()
    expect(metrics.get('tenure_session_expirations_total')).toBe(0)
  },
)
