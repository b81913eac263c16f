/**
 * New leases that are given up, in every order of aborts, answers and broken connections. A fake link: the order must be the test's choice.
 *
 * guards: K3, X3
 */
import { array, assert, asyncProperty, constant, nat, oneof } from 'fast-check'
import { expect, test } from 'vitest'
import type { Answer } from '../../src/link/link.ts'
import type { RecordLease } from '../../src/storage/record-lease.ts'
import { settled } from '../fake-link.ts'
import { type FakeStorage, fakeStorage } from './fake-storage.ts'

const LEASES = 4

/** A server that grants, keeps and releases, and does a change with a number once. */
class Granter {
  readonly #world: FakeStorage
  readonly #answered = new Set<object>()
  readonly #done = new Map<bigint, Answer>()
  readonly leases = new Set<bigint>()
  #last = 0n

  constructor(world: FakeStorage) {
    this.#world = world
  }

  /** @returns false when nothing waits for an answer */
  answerOne({ isLost = false }: { readonly isLost?: boolean } = {}): boolean {
    const sent = this.#world.link.last.sent.find((each) => !this.#answered.has(each))
    if (sent === undefined) return false
    this.#answered.add(sent)
    const { request } = sent
    const serial = 'change' in request ? request.change?.serial : undefined
    const answer = (serial === undefined ? undefined : this.#done.get(serial)) ?? this.#do(request)
    if (serial !== undefined) this.#done.set(serial, answer)
    if (!isLost) sent.answer(answer)
    return true
  }

  #do(request: { readonly kind: string; readonly lease?: unknown }): Answer {
    if (request.kind === 'grant-lease') {
      this.#last += 1n
      this.leases.add(this.#last)
      return { kind: 'lease-granted', lease: this.#last, ttlMs: 60_000n }
    }
    const lease = typeof request.lease === 'bigint' ? request.lease : 0n
    const isThere =
      request.kind === 'release-lease' ? this.leases.delete(lease) : this.leases.has(lease)
    return isThere ? { kind: 'done' } : { kind: 'refused', code: 'WRONG_LEASE', message: '' }
  }
}

interface Scene {
  readonly world: FakeStorage
  readonly granter: Granter
  readonly controllers: readonly AbortController[]
  readonly made: readonly Promise<RecordLease | null>[]
}

type Act = (scene: Scene) => Promise<void> | void

const acts = oneof(
  nat(LEASES - 1).map(
    (index): Act =>
      ({ controllers }) =>
        controllers[index]?.abort('enough'),
  ),
  nat(LEASES - 1).map(
    (index): Act =>
      ({ made }) =>
        void made[index]?.then((lease) => lease?.release()),
  ),
  constant<Act>(({ granter }) => void granter.answerOne()),
  constant<Act>(({ granter }) => void granter.answerOne({ isLost: true })),
  constant<Act>(({ world }) => world.reconnect()),
)

async function scene(): Promise<Scene> {
  const world = fakeStorage()
  const controllers = Array.from({ length: LEASES }, () => new AbortController())
  const made = controllers.map(({ signal }) =>
    world.storage.lessor.newLease(60_000, { keepAlive: true }, signal).catch(() => null),
  )
  await world.start()
  return { world, granter: new Granter(world), controllers, made }
}

test('in whatever order leases are asked for, given up, granted and lost, none is left that nobody has', async () => {
  const seed = Number(process.env['TENURE_TEST_SEED'] ?? Date.now())
  const leavesNone = asyncProperty(array(acts, { maxLength: 25 }), async (steps) => {
    const each = await scene()
    const { world, granter, made } = each
    for (const act of steps) {
      await act(each)
      await settled()
    }
    await world.reconnect()
    while (granter.answerOne()) await settled()
    const held = new Set<bigint>()
    for (const lease of await Promise.all(made)) {
      if (lease !== null && !lease.signal.aborted) held.add(lease.id)
    }
    expect({ seed, left: granter.leases }).toEqual({ seed, left: held })
    const closed = world.client.close()
    world.clock.advance(10_000)
    await closed
  })
  await assert(leavesNone, { seed, numRuns: 150 })
})
