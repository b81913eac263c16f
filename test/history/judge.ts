/**
 * What a history must not show, whatever the server went through: kills, power losses, broken connections.
 *
 * Each rule gives one sentence per breach. What each semaphore went through is judged by the checker (linear.ts); here is what
 * goes beyond one semaphore, and what its holders believed.
 */
import { byObject } from './history.ts'
import type { History, Holding, Life, Observation } from './history.ts'
import { EPHEMERAL_LIMIT, judgeOrder, limitOf } from './linear.ts'

/** More would say no more. */
const BREACHES_MAX = 20

/** @returns what is wrong, in sentences; none when all promises were kept */
export function judge(history: History): string[] {
  const { observations, lives } = history
  const breaches = [
    ...livesOf(lives),
    ...tokensOf(observations),
    ...exclusionsOf(history),
    ...sightingsOf(history),
    ...judgeOrder(observations),
  ]
  return breaches.slice(0, BREACHES_MAX)
}

/** Sessions: nobody is lost while the server comes back in time; ids grow and are never given again. */
function* livesOf(lives: readonly Life[]): Iterable<string> {
  const inOrder = inCallOrder(lives)
  const opened = [...lives].sort((one, other) => one.openedAt - other.openedAt)
  const known = new Set<bigint>()
  let greatest = 0n
  let before = 0
  for (const { actor, session, calledAt, lost } of inOrder) {
    if (lost !== null) yield `${actor}: session ${session} was lost: ${lost}`
    if (known.has(session)) yield `${actor}: session ${session} was given twice`
    known.add(session)
    for (let life = opened[before]; life !== undefined && life.openedAt < calledAt;) {
      if (life.session > greatest) greatest = life.session
      before += 1
      life = opened[before]
    }
    if (session < greatest) yield `${actor}: session ${session} came after session ${greatest}`
  }
}

interface Grant {
  readonly actor: string
  readonly object: string
  readonly token: bigint
  readonly calledAt: number
  readonly returnedAt: number
}

/** Tokens: each is new for the whole node, and greater than all that had been given when it was asked for. */
function* tokensOf(observations: readonly Observation[]): Iterable<string> {
  const grants: Grant[] = observations.flatMap(({ output, ...rest }) =>
    output?.kind === 'granted' ? [{ ...rest, token: output.token }] : [],
  )
  const given = [...grants].sort((one, other) => one.returnedAt - other.returnedAt)
  const known = new Set<bigint>()
  let greatest = 0n
  let before = 0
  for (const grant of inCallOrder(grants)) {
    const { actor, object, token, calledAt } = grant
    if (known.has(token)) yield `${actor}: token ${token} of "${object}" was given twice`
    known.add(token)
    for (let one = given[before]; one !== undefined && one.returnedAt < calledAt;) {
      if (one.token > greatest) greatest = one.token
      before += 1
      one = given[before]
    }
    if (token < greatest) {
      yield `${actor}: token ${token} of "${object}" was asked for after token ${greatest} was given`
    }
  }
}

/** Nobody holds units beyond the limit, and holdings that exclude each other come in the order of their tokens. */
function* exclusionsOf({ observations, holdings }: History): Iterable<string> {
  const seen = byObject(observations)
  for (const [object, group] of byObject(holdings)) {
    const limit = limitOf(seen.get(object) ?? []) ?? EPHEMERAL_LIMIT
    yield* overlapsOf(group, limit)
    yield* orderOf(group, limit)
  }
}

function* overlapsOf(holdings: readonly Holding[], limit: bigint): Iterable<string> {
  const edges = holdings.flatMap((holding) => [
    { at: holding.from, change: holding.count, holding },
    { at: holding.to, change: -holding.count, holding },
  ])
  let held = 0n
  for (const { change, holding } of edges.sort((one, other) => one.at - other.at)) {
    held += change
    if (held > limit) {
      const { object, actor, token } = holding
      yield `"${object}": ${held} units of ${limit} were held when ${actor} got token ${token}`
    }
  }
}

function* orderOf(holdings: readonly Holding[], limit: bigint): Iterable<string> {
  const greatest = new Map<bigint, Holding>()
  for (const holding of [...holdings].sort((one, other) => one.from - other.from)) {
    for (const earlier of greatest.values()) {
      if (earlier.count + holding.count > limit && earlier.token > holding.token) {
        yield `"${holding.object}": token ${holding.token} was granted after token ${earlier.token}`
      }
    }
    const known = greatest.get(holding.count)
    if (known === undefined || known.token < holding.token) greatest.set(holding.count, holding)
  }
}

/** Watches: never an older value after a newer one. Each value is written once, so its number in the order of calls is its age. */
function* sightingsOf({ sightings, observations }: History): Iterable<string> {
  const ages = new Map<string, number>()
  for (const { object, input } of inCallOrder(observations)) {
    if (input.kind === 'create' || input.kind === 'update') {
      ages.set(`${object}: ${input.data}`, ages.size)
    }
  }
  const latest = new Map<string, number>()
  for (const { actor, object, data } of sightings) {
    if (data === null) continue
    const age = ages.get(`${object}: ${data}`)
    if (age === undefined) {
      yield `${actor} was shown "${data}" of "${object}", which nobody wrote`
      continue
    }
    const before = latest.get(`${actor}: ${object}`) ?? age
    if (age < before) yield `${actor} was shown "${data}" of "${object}" after a newer value`
    latest.set(`${actor}: ${object}`, age)
  }
}

function inCallOrder<T extends { readonly calledAt: number }>(all: readonly T[]): T[] {
  return all.toSorted((one, other) => one.calledAt - other.calledAt)
}
