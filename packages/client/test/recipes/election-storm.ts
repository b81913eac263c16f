/**
 * Many terms of one election, each of which ends in its own way: what is drawn from the seed is the way and the time.
 *
 * Nobody takes a leadership away by force here: one that is taken away may overlap the next until its holder has heard of it.
 */
import { type Election, ElectionWatcher, type Session, SessionClosedError } from 'tenure'
import { expect, vi } from 'vitest'
import { between, type Draw, drawOf, oneOf } from '../../../../test/seed.ts'
import { aborted, deferred, PATIENCE, type World } from '../worlds.ts'

const WAYS = ['returns', 'throws', 'is stopped', 'gives up at some time', 'is closed'] as const
const PARTICIPANTS = 3
const TICKS_MAX = 6

/** @returns what was wrong, and nothing else */
export async function electionStorm(world: World, seed: number, terms: number): Promise<string[]> {
  const storm = new Storm(drawOf(seed), terms)
  await using session = await world.session()
  const watching = watchStorm(session, storm)
  await Promise.all(
    Array.from({ length: PARTICIPANTS }, (_, place) => takePart(world, storm, `p${place}`)),
  )
  storm.finish()
  await watching
  return storm.wrongs
}

class Storm {
  readonly wrongs: string[] = []
  readonly draw: Draw
  readonly #terms: number
  #served = 0
  #running = 0
  #lastTerm = 0n
  readonly #finished = deferred()

  constructor(draw: Draw, terms: number) {
    this.draw = draw
    this.#terms = terms
  }

  get isOver(): boolean {
    return this.#served >= this.#terms
  }

  /** All participants have left. */
  get finished(): Promise<void> {
    return this.#finished.promise
  }

  begin(term: bigint): void {
    if (this.#running > 0) this.wrongs.push(`term ${term} began beside another`)
    if (term <= this.#lastTerm) this.wrongs.push(`term ${term} came after ${this.#lastTerm}`)
    this.#lastTerm = term
    this.#running += 1
    this.#served += 1
  }

  end(): void {
    this.#running -= 1
  }

  finish(): void {
    if (this.#running > 0) this.wrongs.push('a run has ended before its operation')
    this.#finished.resolve()
  }

  async ticks(): Promise<void> {
    const count = Math.floor(between(this.draw, 0, TICKS_MAX))
    for (let tick = 0; tick < count; tick++) await new Promise(setImmediate)
  }
}

async function takePart(world: World, storm: Storm, name: string): Promise<void> {
  while (!storm.isOver) {
    await using session = await world.session()
    const candidate = { session, election: session.election('chief', { self: name }) }
    while (!storm.isOver && !session.signal.aborted) {
      const way = oneOf(storm.draw, WAYS)
      const wrong = await serve(candidate, storm, way)
      if (wrong !== null) storm.wrongs.push(`${name}, which ${way}: ${wrong}`)
    }
  }
}

/** One run. @returns what is wrong with how it has ended */
async function serve(
  { session, election }: { readonly session: Session; readonly election: Election },
  storm: Storm,
  way: (typeof WAYS)[number],
): Promise<string | null> {
  const stop = new AbortController()
  const run = election.run(async (signal, { term }) => {
    storm.begin(term)
    try {
      await storm.ticks()
      if (way === 'throws') throw new Error('it throws')
      if (way === 'is stopped') {
        stop.abort(new Error('it is stopped'))
        await aborted(signal)
        await storm.ticks()
      }
    } finally {
      storm.end()
    }
    // To close the session under a running operation is to give the leadership up before it has settled.
    if (way === 'is closed') await Promise.all([session.close(), aborted(signal)])
    return 'done'
  }, stop.signal)
  const settled = Promise.allSettled([run])
  if (way === 'gives up at some time') {
    await storm.ticks()
    stop.abort(new Error('it gives up'))
  }
  const [end] = await settled
  const outcome: unknown = end.status === 'fulfilled' ? end.value : end.reason
  return isRight(way, outcome, stop.signal) ? null : `ended with ${String(outcome)}`
}

function isRight(way: (typeof WAYS)[number], outcome: unknown, stop: AbortSignal): boolean {
  switch (way) {
    case 'returns':
      return outcome === 'done'
    case 'throws':
      return outcome instanceof Error && outcome.message === 'it throws'
    case 'is stopped':
      return outcome === stop.reason
    case 'gives up at some time':
      return outcome === 'done' || outcome === stop.reason
    case 'is closed':
    default:
      return outcome instanceof SessionClosedError
  }
}

/** Terms only grow for whoever looks on; settles when the storm is over and the last thing seen is that nobody leads. */
async function watchStorm(session: Session, storm: Storm): Promise<void> {
  await using watcher = new ElectionWatcher(session.election('chief'))
  const seen = watchTerms(watcher, storm)
  await storm.finished
  await vi.waitFor(() => expect(watcher.state.toString()).toBe('follower, nobody leads'), PATIENCE)
  await watcher[Symbol.asyncDispose]()
  await expect(seen).rejects.toThrow('disposed of')
}

async function watchTerms(watcher: ElectionWatcher, storm: Storm): Promise<void> {
  let lastTerm = 0n
  for await (const { leader, term } of watcher.notify()) {
    if (leader === null) continue
    if (term < lastTerm) storm.wrongs.push(`term ${term} was seen after ${lastTerm}`)
    lastTerm = term
  }
}
