/**
 * Every order of what a program does, what the server answers, and what the network does to both: fast-check chooses it, over a
 * real server in this process. A failing seed is printed, and becomes a test of its own.
 */
import * as fc from 'fast-check'
import { openMemoryEngine } from '@tenure/engine/memory'
import { Host } from '@tenure/server'
import { expect, test } from 'vitest'
import { LocalLink } from '../../tenure/src/local/local-link.ts'
import { Worlds } from '../../tenure/src/local/world.ts'
import { Client } from '../src/client.ts'
import { systemClock } from '../src/clock.ts'
import { AcquireTimeoutError } from '../src/errors.ts'
import type { Lease } from '../src/lease.ts'
import type {
  Answer,
  Attachment,
  AttachmentListener,
  AttachRequest,
  Link,
} from '../src/link/link.ts'
import type { Session } from '../src/session.ts'
import { fixedRandom } from './fake-link.ts'

/** Delivers what the server says when the scheduler likes, each attachment's words in their order; and breaks at will. */
class ScheduledLink implements Link {
  readonly address: string
  readonly #inner: Link
  readonly #scheduler: fc.Scheduler
  readonly #hasTokens: boolean
  readonly #live = new Set<() => void>()

  constructor(inner: Link, scheduler: fc.Scheduler, hasTokens: boolean) {
    this.address = inner.address
    this.#hasTokens = hasTokens
    this.#inner = inner
    this.#scheduler = scheduler
  }

  attach(request: AttachRequest, listener: AttachmentListener): Attachment {
    let said = Promise.resolve()
    let isOver = false
    const sayAfter = async (before: Promise<void>, say: () => void): Promise<void> => {
      await before
      await this.#scheduler.schedule(Promise.resolve())
      if (!isOver) say()
    }
    const later = (say: () => void): void => {
      said = sayAfter(said, say)
    }
    const end = (): void => {
      isOver = true
      this.#live.delete(breakIt)
      inner.leave()
    }
    const inner = this.#inner.attach(request, {
      started: (started) => later(() => listener.started(started)),
      contact: (sentAtMs) => later(() => listener.contact(sentAtMs)),
      noticed: (notice) => later(() => listener.noticed(notice)),
      ended: (why) =>
        later(() => {
          end()
          listener.ended(why)
        }),
    })
    const breakIt = (): void => {
      end()
      listener.ended({ kind: 'broken', cause: new Error('the cable was pulled') })
    }
    this.#live.add(breakIt)
    return {
      send: (message, answer, told) =>
        inner.send(
          message,
          (given) => later(() => answer(this.#hasTokens ? given : withoutToken(given))),
          told && ((news) => later(() => told(news))),
        ),
      forget: (sent) => inner.forget(sent),
      hurry: (heartbeatMs) => inner.hurry(heartbeatMs),
      stop: () => inner.stop(),
      leave: end,
    }
  }

  break(): void {
    for (const breakIt of Array.from(this.#live)) breakIt()
  }

  createNode: Link['createNode'] = (...args) => this.#inner.createNode(...args)
  alterNode: Link['alterNode'] = (...args) => this.#inner.alterNode(...args)
  describeNode: Link['describeNode'] = (...args) => this.#inner.describeNode(...args)
  dropNode: Link['dropNode'] = (...args) => this.#inner.dropNode(...args)
  listNodes: Link['listNodes'] = (...args) => this.#inner.listNodes(...args)
  ask: Link['ask'] = (...args) => this.#inner.ask(...args)
  close: Link['close'] = () => this.#inner.close()
}

/** As on YDB's protocol, where the token has to be read from the owners. */
function withoutToken(answer: Answer): Answer {
  return answer.kind === 'acquired' ? { kind: 'acquired', token: null } : answer
}

interface Task {
  readonly session: number
  readonly name: string
  readonly asks: 'lock' | 'tryLock' | 'lock with a timeout'
  /** Aborts the acquire at some moment. */
  readonly aborts: boolean
  readonly updates: boolean
  readonly ends: 'release' | 'dispose twice' | 'release and break'
}

const task = fc.record<Task>({
  session: fc.integer({ min: 0, max: 1 }),
  name: fc.constantFrom('a', 'b'),
  asks: fc.constantFrom('lock', 'tryLock', 'lock with a timeout'),
  aborts: fc.boolean(),
  updates: fc.boolean(),
  ends: fc.constantFrom('release', 'dispose twice', 'release and break'),
})

const WHOLE = { count: Infinity, ephemeral: true }
const ENOUGH = new Error('enough')

/** Who is inside under a name, and what tokens were seen there. */
class Guard {
  readonly #inside = new Set<string>()
  readonly #lastToken = new Map<string, bigint>()

  enter(lease: Lease): void {
    const { name, token } = lease
    if (this.#inside.has(name)) throw new Error(`two tasks hold ${name}`)
    if (token <= (this.#lastToken.get(name) ?? 0n)) throw new Error(`token ${token} is not new`)
    this.#inside.add(name)
    this.#lastToken.set(name, token)
  }

  leave(lease: Lease): void {
    this.#inside.delete(lease.name)
  }
}

async function perform(
  { name, asks, aborts, updates, ends }: Task,
  session: Session,
  { guard, link, scheduler }: { guard: Guard; link: ScheduledLink; scheduler: fc.Scheduler },
): Promise<void> {
  const controller = new AbortController()
  if (aborts) {
    void scheduler.schedule(Promise.resolve()).then(() => controller.abort(ENOUGH))
  }
  const semaphore = session.semaphore(name)
  let lease: Lease | null
  try {
    if (asks === 'tryLock') lease = await semaphore.tryAcquire(WHOLE, controller.signal)
    else if (asks === 'lock') lease = await semaphore.acquire(WHOLE, controller.signal)
    else lease = await semaphore.acquire({ ...WHOLE, timeout: 1 }, controller.signal)
  } catch (error) {
    if (error === ENOUGH || error instanceof AcquireTimeoutError) return
    throw error
  }
  if (lease === null) return
  guard.enter(lease)
  if (updates) await lease.update('x')
  await scheduler.schedule(Promise.resolve())
  expect(lease.signal.aborted).toBe(false)
  guard.leave(lease)
  const ended = [lease.release()]
  if (ends === 'dispose twice') ended.push(lease[Symbol.asyncDispose]())
  if (ends === 'release and break') link.break()
  await Promise.all(ended)
}

// guards: X1, X2, X4
test('in every order at most one task holds a name, tokens grow, and nothing is left behind', async () => {
  const worlds = new Worlds()
  const outcome = await fc.check(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(task, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 0, max: 3 }),
      fc.boolean(),
      async (scheduler, tasks, breaks, hasTokens) => {
        const use = worlds.use('races', {
          openEngine: () => Promise.resolve(openMemoryEngine()),
          openHost: (engine) => new Host({ engine }),
        })
        const link = new ScheduledLink(
          new LocalLink('memory:', use, systemClock),
          scheduler,
          hasTokens,
        )
        const client = new Client(link, { random: fixedRandom(0) })
        const run = async (): Promise<void> => {
          const sessions = [
            await client.openSession('/local/a', { createNode: true }),
            await client.openSession('/local/a'),
          ]
          const context = { guard: new Guard(), link, scheduler }
          const done = tasks.map((each) => {
            const session = sessions[each.session]
            if (session === undefined) throw new Error('no such session')
            return perform(each, session, context)
          })
          for (let count = 0; count < breaks; count += 1) {
            void scheduler.schedule(Promise.resolve()).then(() => link.break())
          }
          await Promise.all(done)
          for (const session of sessions) {
            for (const name of ['a', 'b']) {
              // Who gave up has left the queue, or is leaving it.
              const free = { ...WHOLE, timeout: 5_000 }
              await (await session.semaphore(name).acquire(free)).release()
            }
          }
          await client.close()
        }
        await scheduler.waitFor(run())
      },
    ),
    { numRuns: 150, endOnFailure: true },
  )
  expect(fc.defaultReportMessage(outcome)).toBeUndefined()
})
