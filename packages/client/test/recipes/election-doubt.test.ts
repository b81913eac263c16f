/**
 * Elections while the server is silent: a real one cannot be made so at a given millisecond.
 *
 * guards: X7, W3
 */
import { expect, test, vi } from 'vitest'
import type { Holder } from '../../src/link/link.ts'
import type { Overrun } from '../../src/recipes/election-run.ts'
import { ElectionWatcher } from '../../src/recipes/election-watcher.ts'
import { waitForever } from '../../src/recipes/wait-forever.ts'
import { type FakeAttachment, fakeSession, isFulfilled, settled } from '../fake-link.ts'
import { deferred } from '../worlds.ts'

const TIMEOUT_MS = 10_000
const MARGIN_MS = 2_000

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The server has answered everything so far, as one whose election is led by `leader`. */
async function answerAll(attachment: FakeAttachment, leader: Holder | null): Promise<void> {
  for (let answered = 0; answered < attachment.sent.length;) {
    const sent = attachment.sent[answered]
    answered += 1
    if (sent?.request.kind === 'describe') sent.answer(described(leader))
    if (sent?.request.kind === 'acquire') sent.answer({ kind: 'acquired', token: 5n })
    if (sent?.request.kind === 'release') sent.answer({ kind: 'released', released: true })
    await settled()
  }
}

function described(leader: Holder | null): Parameters<FakeAttachment['sent'][number]['answer']>[0] {
  const owners = leader === null ? [] : [leader]
  const rest = { data: bytes(''), ephemeral: false, held: BigInt(owners.length), waiters: [] }
  return {
    kind: 'described',
    description: { name: 'chief', limit: 1n, owners, ...rest },
    watchAdded: true,
  }
}

const self = { sessionId: 7n, orderId: 5n, count: 1n, data: bytes('anna'), timeoutMs: 0n }
const other = { ...self, sessionId: 8n, orderId: 6n, data: bytes('boris') }

async function leading(
  operation: (signal: AbortSignal) => Promise<void>,
  onOverrun?: (overrun: Overrun) => void,
  signal?: AbortSignal,
): Promise<Awaited<ReturnType<typeof fakeSession>> & { run: Promise<unknown> }> {
  const world = await fakeSession({ timeout: TIMEOUT_MS, margin: MARGIN_MS })
  const election = world.session.election('chief', { self: 'anna' })
  const options = onOverrun === undefined ? {} : { onOverrun }
  const run = election.run(operation, options, signal).catch((error: unknown) => error)
  await settled()
  await answerAll(world.link.last, self)
  return { ...world, run }
}

test('S4-05: an operation is told the margin before the server may elect another', async () => {
  let signal: AbortSignal | undefined
  const { clock, session, run } = await leading((given) => waitForever((signal = given)))
  clock.advance(TIMEOUT_MS - MARGIN_MS - 1)
  expect(signal?.aborted).toBe(false)
  clock.advance(1)
  expect(signal?.aborted).toBe(true)
  expect(await run).toBe(session.signal.reason)
})

test('C6: an operation that runs on for longer than the margin after a loss is reported once, and waited for', async () => {
  const end = deferred()
  const overruns: Overrun[] = []
  const { clock, session, run } = await leading(
    () => end.promise,
    (overrun) => overruns.push(overrun),
  )
  clock.advance(TIMEOUT_MS - MARGIN_MS)
  await settled()
  clock.advance(MARGIN_MS - 1)
  await settled()
  expect(overruns).toEqual([])
  clock.advance(1)
  await settled()
  const { reason } = session.signal
  expect(overruns).toEqual([{ election: 'chief', term: 5n, reason, elapsedMs: MARGIN_MS }])
  clock.advance(10 * TIMEOUT_MS)
  expect(await isFulfilled(run)).toBe(false)
  end.resolve()
  expect(await run).toBe(reason)
  expect(overruns).toHaveLength(1)
})

test('C6: an operation that the caller stops keeps the leadership until its lease would be over, no longer', async () => {
  const end = deferred()
  const overruns: Overrun[] = []
  const stop = new AbortController()
  const { clock, link, run } = await leading(
    () => end.promise,
    (overrun) => overruns.push(overrun),
    stop.signal,
  )
  clock.advance(1_000)
  stop.abort(new Error('enough'))
  await settled()
  for (const elapsedMs of [0, 6_999]) {
    clock.advance(elapsedMs)
    // The session itself goes on.
    link.last.listener.contact(clock.monotonicMs())
    await settled()
    expect(link.last.of('release')).toEqual([])
  }
  clock.advance(1)
  await settled()
  expect(link.last.of('release')).toHaveLength(1)
  expect(overruns).toMatchObject([{ reason: stop.signal.reason, elapsedMs: 7_000 }])
  link.last.of('release')[0]?.answer({ kind: 'released', released: true })
  expect(await isFulfilled(run)).toBe(false)
  end.resolve()
  expect(await run).toBe(stop.signal.reason)
})

test('C6: without a hook the process warns of an overrun, by name, term and time', async () => {
  const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const end = deferred()
  const { clock, run } = await leading(() => end.promise)
  clock.advance(TIMEOUT_MS - MARGIN_MS)
  await settled()
  clock.advance(MARGIN_MS)
  await settled()
  expect(warnings).toHaveBeenCalledExactlyOnceWith(
    expect.stringMatching(/"chief", term 5, .* 2000 ms/),
    expect.objectContaining({ code: 'TENURE_OVERRUN' }),
  )
  warnings.mockRestore()
  end.resolve()
  await run
})

test('a hook that throws comes out of the run, when the operation has settled', async () => {
  const end = deferred()
  const { clock, run } = await leading(
    () => end.promise,
    () => {
      throw new Error('the hook')
    },
  )
  clock.advance(TIMEOUT_MS - MARGIN_MS)
  await settled()
  clock.advance(MARGIN_MS)
  expect(await isFulfilled(run)).toBe(false)
  end.resolve()
  expect(await run).toMatchObject({ message: 'the hook' })
})

test('X7: what an operation returns after its term has run out unnoticed is not the result of a leader', async () => {
  const end = deferred()
  const { clock, session, run } = await leading(() => end.promise)
  clock.stall(TIMEOUT_MS)
  end.resolve()
  const ended = await run
  expect(session.signal.aborted).toBe(true)
  expect(ended).toBe(session.signal.reason)
})

test('a run keeps the process alive until it is over', async () => {
  const stop = new AbortController()
  const { clock, link, run } = await leading(
    (signal) => waitForever(signal),
    undefined,
    stop.signal,
  )
  expect(clock.holders).toBe(1)
  stop.abort(new Error('enough'))
  await settled()
  await answerAll(link.last, null)
  await run
  expect(clock.holders).toBe(0)
})

test('S4-07: nothing is known while the session recovers, nor before the first answer after it', async () => {
  const { session, link, clock } = await fakeSession({ timeout: TIMEOUT_MS, margin: MARGIN_MS })
  await using watcher = new ElectionWatcher(session.election('chief'))
  const states: string[] = []
  const reading = (async () => {
    for await (const state of watcher.notify()) states.push(String(state))
  })().catch(() => {})
  await settled()
  await answerAll(link.last, self)
  expect(watcher.state.state).toBe('leader')
  link.last.break()
  expect(watcher.state.state).toBe('unknown')
  await settled()
  clock.advance(2_000)
  link.last.start()
  await settled()
  expect(watcher.state.state).toBe('unknown')
  await answerAll(link.last, other)
  expect(watcher.state.state).toBe('follower')
  expect(states).toEqual([
    'unknown',
    "leader in term 5, as 'anna'",
    'unknown',
    "follower in term 6, led by 'boris'",
  ])
  link.last.break()
  clock.advance(2_000)
  link.last.start()
  await settled()
  await answerAll(link.last, other)
  // The same leader as before is told of again: it was unknown in between.
  expect(states.slice(-2)).toEqual(['unknown', "follower in term 6, led by 'boris'"])
  link.last.refuse('SESSION_EXPIRED')
  await reading
  expect(watcher.state.state).toBe('unknown')
})

test('X7: a process that has slept past its session claims no leadership, also before any timer fires', async () => {
  const { session, link, clock } = await fakeSession({ timeout: TIMEOUT_MS, margin: MARGIN_MS })
  await using watcher = new ElectionWatcher(session.election('chief'))
  await settled()
  await answerAll(link.last, self)
  expect(watcher.state.state).toBe('leader')
  clock.stall(TIMEOUT_MS)
  expect(watcher.state.state).toBe('unknown')
})
