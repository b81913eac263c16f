// guards: X1, X7
import {
  AbortedError,
  NotParticipantError,
  type Overrun,
  type Semaphore,
  SessionClosedError,
  waitForever,
} from 'tenure'
import { expect, test } from 'vitest'
import { aborted, deferred, openWorld, untilWaiters, WORLDS } from '../worlds.ts'

/** What a run has come to: its result, or what it threw. */
async function outcome(run: Promise<unknown>): Promise<unknown> {
  const [settled] = await Promise.allSettled([run])
  return settled.status === 'fulfilled' ? settled.value : settled.reason
}

/** A run of which a test knows when its operation has begun. */
function operation(): {
  readonly begun: Promise<void>
  readonly run: (signal: AbortSignal) => Promise<void>
} {
  const begun = deferred()
  return {
    begun: begun.promise,
    run: (signal) => {
      begun.resolve()
      return waitForever(signal)
    },
  }
}

async function isFree(semaphore: Semaphore): Promise<boolean> {
  return (await semaphore.describe({ owners: true })).owners.length === 0
}

test.for(WORLDS)('S4-03: a witness cannot run, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  for (const election of [
    session.election('chief'),
    session.election('chief', { self: undefined }),
    session.election('chief', { self: null }),
  ]) {
    await expect(election.run(() => 'ran')).rejects.toThrow(NotParticipantError)
  }
})

test.for(WORLDS)(
  'S4-04: an operation that returns ends the run with its result, and the leadership, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const election = session.election('chief', { self: 'anna' })
    const result = await election.run(async (signal, leadership) => {
      expect(signal.aborted).toBe(false)
      const { owners } = await session.semaphore('chief').describe({ owners: true })
      expect(owners).toMatchObject([
        { sessionId: session.id, orderId: leadership.term, data: new TextEncoder().encode('anna') },
      ])
      return 'done'
    })
    expect(result).toBe('done')
    expect(await isFree(session.semaphore('chief'))).toBe(true)
  },
)

test.for(WORLDS)(
  'S4-04: an operation that throws ends the run with its error, and the leadership, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const election = session.election('chief', { self: 'anna' })
    const run = election.run(() => {
      throw new Error('no ink')
    })
    await expect(run).rejects.toThrow('no ink')
    expect(await isFree(session.semaphore('chief'))).toBe(true)
  },
)

test.for(WORLDS)(
  'S4-04: a caller that aborts tells the operation why, and the run rejects with the reason, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const stop = new AbortController()
    const begun = deferred()
    let told: unknown = null
    const run = session.election('chief', { self: 'anna' }).run(async (signal) => {
      begun.resolve()
      told = await aborted(signal)
      throw new Error('the operation says it in its own way')
    }, stop.signal)
    await begun.promise
    const reason = new Error('enough')
    stop.abort(reason)
    expect(await outcome(run)).toBe(reason)
    expect(told).toBe(reason)
    expect(await isFree(session.semaphore('chief'))).toBe(true)
  },
)

test.for(WORLDS)(
  'S4-04: the leadership is kept until an operation that was told to stop has settled, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    const stop = new AbortController()
    const [told, tidy] = [deferred(), deferred()]
    const events: string[] = []
    const begun = deferred()
    const run = session.election('chief', { self: 'anna' }).run(async (signal) => {
      begun.resolve()
      await aborted(signal)
      told.resolve()
      await tidy.promise
      events.push('anna has settled')
    }, stop.signal)
    await begun.promise
    const next = other
      .election('chief', { self: 'boris' })
      .run(() => void events.push('boris leads'))
    await untilWaiters(session.semaphore('chief'), 1)
    stop.abort(new Error('enough'))
    await told.promise
    // The answer comes after whatever the abort has sent.
    expect(await isFree(session.semaphore('chief'))).toBe(false)
    tidy.resolve()
    expect(await outcome(run)).toBe(stop.signal.reason)
    await next
    expect(events).toEqual(['anna has settled', 'boris leads'])
  },
)

test.for(WORLDS)('S4-04: a run that is aborted in the queue leaves it, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  await using other = await world.session()
  await using _leadership = await other.election('chief').campaign('boris')
  const stop = new AbortController()
  const run = session.election('chief', { self: 'anna' }).run(() => 'ran', stop.signal)
  await untilWaiters(session.semaphore('chief'), 1)
  stop.abort(new Error('enough'))
  await expect(run).rejects.toThrow('enough')
  await untilWaiters(session.semaphore('chief'), 0)
  await expect(
    session.election('chief', { self: 'anna' }).run(() => 'ran', stop.signal),
  ).rejects.toThrow('enough')
})

test.for(WORLDS)(
  'S4-05: an operation that has lost the leadership is told, and no second one starts before it has settled, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    const [begun, told, tidy] = [deferred(), deferred(), deferred()]
    const terms: bigint[] = []
    let running = 0
    const run = session.election('chief', { self: 'anna' }).run(async (signal, { term }) => {
      running += 1
      expect(running).toBe(1)
      terms.push(term)
      if (terms.length === 2) return 'led again'
      begun.resolve()
      expect(await aborted(signal)).toBeInstanceOf(AbortedError)
      told.resolve()
      await tidy.promise
      running -= 1
      throw new Error('what is thrown after the loss is not heard')
    })
    await begun.promise
    await other.semaphore('chief').delete({ force: true })
    await told.promise
    // Anna stands in no line: Boris is elected, and resigns.
    await using brief = await other.election('chief').campaign('boris')
    expect((await other.semaphore('chief').describe({ waiters: true })).waiters).toEqual([])
    await brief.resign()
    tidy.resolve()
    expect(await run).toBe('led again')
    expect(terms[1]).toBeGreaterThan(brief.term)
  },
)

test.for(WORLDS)('S4-06: without rejoin a loss ends the run with its reason, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  const { begun, run } = operation()
  const running = session.election('chief', { self: 'anna' }).run(run, { rejoin: false })
  await begun
  await session.semaphore('chief').delete({ force: true })
  expect(await outcome(running)).toBeInstanceOf(AbortedError)
})

test.for(WORLDS)(
  'S4-06: a place in the queue that is taken away is taken anew, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await using other = await world.session()
    await other.election('chief').campaign('boris')
    const run = session.election('chief', { self: 'anna' }).run(() => 'led')
    await untilWaiters(other.semaphore('chief'), 1)
    await other.semaphore('chief').delete({ force: true })
    expect(await run).toBe('led')
  },
)

test.for(WORLDS)(
  'S4-06: the end of the session ends the run when the operation has settled, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const session = await world.session()
    const [begun, tidy] = [deferred(), deferred()]
    let hasSettled = false
    const run = session.election('chief', { self: 'anna' }).run(async (signal) => {
      begun.resolve()
      await aborted(signal)
      await tidy.promise
      hasSettled = true
    })
    await begun.promise
    const ended = run.catch((reason: unknown) => [hasSettled, reason])
    await session.close()
    tidy.resolve()
    expect(await ended).toEqual([true, session.signal.reason])
    expect(session.signal.reason).toBeInstanceOf(SessionClosedError)
  },
)

test.for(WORLDS)(
  'C6, S4-04: an operation that overruns the lease is reported, and another leads while it runs on, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session({ timeout: 300, margin: 100 })
    await using other = await world.session()
    const stop = new AbortController()
    const [begun, tidy] = [deferred(), deferred()]
    const overruns: Overrun[] = []
    const terms: bigint[] = []
    const run = session.election('chief', { self: 'anna' }).run(
      async (_signal, { term }) => {
        terms.push(term)
        begun.resolve()
        await tidy.promise
      },
      { onOverrun: (overrun) => void overruns.push(overrun) },
      stop.signal,
    )
    await begun.promise
    stop.abort(new Error('enough'))
    await using _leadership = await other.election('chief').campaign('boris')
    expect(overruns).toMatchObject([
      { election: 'chief', term: terms[0], reason: stop.signal.reason },
    ])
    tidy.resolve()
    expect(await outcome(run)).toBe(stop.signal.reason)
    expect(overruns).toHaveLength(1)
  },
)
