/**
 * A semaphore and its clients, played out on a clock of their own: what the clients saw is a long history that was possible.
 *
 * The semaphore is as plain as can be and knows nothing of the models. It can be given a fault, so that the history is one that
 * nobody should believe.
 */
import type { Operation, SemaphoreAnswer, SemaphoreCall } from '@tenure/checker'
import type { Random } from './random.ts'

export type Fault =
  | 'none'
  /** A small waiter passes a big one. */
  | 'overtakes'
  /** Grants what is not there. */
  | 'overcommits'
  /** Gives a token for the second time. */
  | 'repeats-tokens'
  /** Units that were given back are not given to the waiters until somebody asks. */
  | 'hesitates'
  /** Says that it released, and did not. */
  | 'forgets-releases'
  /** The waiters of an ended session stay. */
  | 'keeps-the-dead'
  /** A waiter whose time is over stays in the queue. */
  | 'never-gives-up'

interface Place {
  readonly session: bigint
  readonly count: bigint
  readonly token: bigint
  readonly answer: (answer: SemaphoreAnswer) => void
}

class Desk {
  #owners: Place[] = []
  #waiters: Place[] = []
  #tokens = 0n
  readonly #limit: bigint
  readonly #fault: Fault
  readonly #random: Random

  constructor(limit: bigint, fault: Fault, random: Random) {
    this.#limit = limit
    this.#fault = fault
    this.#random = random
  }

  acquire(
    { session, count, timeoutMs }: Extract<SemaphoreCall, { kind: 'acquire' }>,
    answer: (answer: SemaphoreAnswer) => void,
  ): void {
    const isFree = this.#waiters.length === 0 && count <= this.#free
    if (timeoutMs === 0 && !isFree) return answer({ kind: 'not-acquired' })
    // Other semaphores of the node take tokens too.
    this.#tokens += BigInt(1 + this.#random.below(2))
    if (this.#fault === 'repeats-tokens' && this.#random.onceIn(20)) this.#tokens -= 2n
    this.#waiters.push({ session, count, token: this.#tokens, answer })
    this.#grant()
  }

  /** The time of the acquire that is answered this way is over. */
  giveUp(answer: Place['answer']): void {
    const waiter = this.#waiters.find((place) => place.answer === answer)
    if (waiter === undefined) return
    answer({ kind: 'not-acquired' })
    if (this.#fault !== 'never-gives-up') this.#leave(waiter.session)
  }

  release(session: bigint): boolean {
    const isThere = [...this.#owners, ...this.#waiters].some((place) => place.session === session)
    if (this.#fault !== 'forgets-releases' || !this.#random.onceIn(20)) this.#leave(session)
    return isThere
  }

  expire(session: bigint): void {
    if (this.#fault !== 'keeps-the-dead') this.#leave(session)
  }

  describe(): SemaphoreAnswer {
    const sight = { owners: this.#owners.map(shown), waiters: this.#waiters.map(shown) }
    if (this.#fault === 'hesitates') this.#grant()
    return { kind: 'described', ...sight }
  }

  get #free(): bigint {
    return this.#owners.reduce((free, { count }) => free - count, this.#limit)
  }

  #leave(session: bigint): void {
    const others = (place: Place): boolean => place.session !== session
    this.#owners = this.#owners.filter(others)
    this.#waiters = this.#waiters.filter(others)
    if (this.#fault !== 'hesitates') this.#grant()
  }

  #grant(): void {
    const spare = this.#fault === 'overcommits' && this.#random.onceIn(20) ? 1n : 0n
    for (const waiter of this.#waiters) {
      if (waiter.count > this.#free + spare) {
        if (this.#fault === 'overtakes') continue
        break
      }
      this.#waiters = this.#waiters.filter((place) => place !== waiter)
      this.#owners.push(waiter)
      waiter.answer({ kind: 'acquired', token: waiter.token })
    }
  }
}

function shown({ session, count, token }: Place): Omit<Place, 'answer'> {
  return { session, count, token }
}

export interface Scene {
  readonly clients: number
  readonly operations: number
  readonly limit: bigint
  readonly fault: Fault
  /** How often an answer is lost: once in so many; 0: never. */
  readonly lossPeriod: number
}

type Seen = Operation<SemaphoreCall, SemaphoreAnswer>

/** On the way to the server, on the way back, and between two requests of a client: at most. */
const DELAY = 40
const TIMEOUT = 60
/** How finely times differ. */
const GRAINS = 1_000_003
/** From the loss of an answer to the end of the session. */
const EXPIRY = 100

/** What the clients saw. */
export function play(scene: Scene, random: Random): Seen[] {
  const desk = new Desk(scene.limit, scene.fault, random)
  const queue: { readonly at: number; readonly run: () => void }[] = []
  const history: Seen[] = []
  let now = 0
  let sessions = 0n
  const later = (least: number, run: () => void): void => {
    const at = now + least + (DELAY * random.below(GRAINS)) / GRAINS
    const before = queue.findIndex((event) => event.at > at)
    queue.splice(before === -1 ? queue.length : before, 0, { at, run })
  }
  const client = (actor: string): void => {
    sessions += 1n
    const session = sessions
    let holds = false
    const ask = (input: SemaphoreCall, served: (answer: Place['answer']) => void): void => {
      const calledAt = now
      const at = history.push({ actor, input, output: null, calledAt, returnedAt: Infinity }) - 1
      let isOver = false
      const isLost = scene.lossPeriod > 0 && random.onceIn(scene.lossPeriod)
      const arrives = !isLost || random.onceIn(2)
      const back = (output: SemaphoreAnswer): void => {
        if (isOver || isLost) return
        isOver = true
        later(0, () => {
          history[at] = { actor, input, output, calledAt, returnedAt: now }
          if (input.kind === 'acquire') holds = output.kind === 'acquired'
          if (input.kind === 'release') holds = false
          later(0, act)
        })
      }
      if (arrives) later(0, () => served(back))
      if (isLost) later(EXPIRY, end)
    }
    const end = (): void => {
      const calledAt = now
      const input: SemaphoreCall = { kind: 'end', session }
      const at = history.push({ actor, input, output: null, calledAt, returnedAt: Infinity }) - 1
      later(0, () => {
        desk.expire(session)
        later(0, () => {
          // Most clients come back and are told so; the others are never heard of again.
          if (!random.onceIn(4)) {
            history[at] = { actor, input, output: { kind: 'ended' }, calledAt, returnedAt: now }
          }
          client(actor)
        })
      })
    }
    const act = (): void => {
      if (history.length >= scene.operations) return
      if (random.onceIn(4)) {
        ask({ kind: 'describe' }, (answer) => answer(desk.describe()))
      } else if (holds) {
        ask({ kind: 'release', session }, (answer) =>
          answer({ kind: 'released', released: desk.release(session) }),
        )
      } else {
        const count = BigInt(1 + random.below(Number(scene.limit)))
        const timeoutMs = random.of([0, TIMEOUT, Infinity])
        const call = { kind: 'acquire', session, count, timeoutMs } as const
        ask(call, (answer) => {
          desk.acquire(call, answer)
          if (timeoutMs === TIMEOUT) later(TIMEOUT, () => desk.giveUp(answer))
        })
      }
    }
    later(0, act)
  }

  for (let number = 1; number <= scene.clients; number += 1) client(`client ${number}`)
  for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
    now = event.at
    event.run()
  }
  return history
}
