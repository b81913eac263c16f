/**
 * Whatever happens to links, answers and sessions: a kept lease is not believed in after a server may have ended it.
 *
 * guards: K3
 */
import { array, assert, asyncProperty, constant, integer, oneof } from 'fast-check'
import { expect, test } from 'vitest'
import { settled } from '../fake-link.ts'
import { type FakeStorage, fakeStorage, OFFERS } from './fake-storage.ts'
import { keptLease, TTL_MS, WRONG_LEASE } from './kept-lease.ts'

/** A server that ends a lease as early as it may, by what it has been told; the test says when something happens to it. */
class StrictServer {
  readonly #world: FakeStorage
  readonly #sentAtMs = new Map<object, number>()
  #isAttached = true
  #session = 7n
  #keeper = 7n
  #answered = 0
  /** Until when it keeps the lease if it hears nothing more. */
  #endsMs: number

  constructor(world: FakeStorage) {
    this.#world = world
    this.#endsMs = this.nowMs + TTL_MS
    const { link } = world
    const attach = link.attach.bind(link)
    link.attach = (request, listener) => {
      const attachment = attach(request, listener)
      this.#sentAtMs.set(attachment, this.nowMs)
      return attachment
    }
  }

  get nowMs(): number {
    return this.#world.clock.monotonicMs()
  }

  get hasEnded(): boolean {
    return this.nowMs >= this.#endsMs
  }

  contact(agoMs: number): void {
    if (!this.#isAttached) return
    this.#hear(this.nowMs - agoMs)
    this.#world.link.last.listener.contact(this.nowMs - agoMs)
  }

  break(): void {
    if (this.#isAttached) this.#world.link.last.break()
    this.#isAttached = false
  }

  lose(): void {
    if (!this.#isAttached) return
    this.#isAttached = false
    this.#session += 1n
    this.#world.link.last.refuse('SESSION_EXPIRED')
  }

  start(): void {
    if (this.#isAttached) return
    this.#world.clock.advance(1_000)
    const { last } = this.#world.link
    if (last.isLeft) return
    if (last.request.sessionId === 0n) this.#session += 1n
    this.#hear(this.#sentAtMs.get(last) ?? 0)
    this.#answered = 0
    this.#isAttached = true
    last.start({ ...OFFERS, sessionId: this.#session })
  }

  answerKeep(): void {
    const sent = this.#world.link.last.of('keep-lease')[this.#answered]
    if (!this.#isAttached || sent === undefined) return
    this.#answered += 1
    if (this.hasEnded) {
      sent.answer(WRONG_LEASE)
      return
    }
    this.#keeper = this.#session
    this.#endsMs = this.nowMs + TTL_MS
    sent.answer({ kind: 'done' })
  }

  #hear(atMs: number): void {
    if (this.#keeper !== this.#session || this.hasEnded) return
    this.#endsMs = Math.max(this.#endsMs, atMs + TTL_MS)
  }
}

type Act = (server: StrictServer, world: FakeStorage) => void

const acts = oneof(
  integer({ min: 1, max: 4_000 }).map(
    (ms): Act =>
      (_, { clock }) =>
        clock.advance(ms),
  ),
  integer({ min: 0, max: 500 }).map(
    (agoMs): Act =>
      (server) =>
        server.contact(agoMs),
  ),
  constant<Act>((server) => server.break()),
  constant<Act>((server) => server.lose()),
  constant<Act>((server) => server.start()),
  constant<Act>((server) => server.answerKeep()),
)

// guards: K3
test('whatever happens, no kept lease is believed in after the server may have ended it', async () => {
  const seed = Number(process.env['TENURE_TEST_SEED'] ?? Date.now())
  const believes = asyncProperty(array(acts, { maxLength: 30 }), async (steps) => {
    const world = fakeStorage()
    const lease = await keptLease(world)
    const { signal } = lease
    const server = new StrictServer(world)
    for (const act of steps) {
      act(server, world)
      await settled()
      expect({ seed, tooLong: server.hasEnded && !signal.aborted }).toEqual({
        seed,
        tooLong: false,
      })
    }
    const closed = world.client.close()
    world.clock.advance(10_000)
    await closed
  })
  await assert(believes, { seed, numRuns: 200 })
})
