/**
 * What a history must not show, whatever the server went through: kills, power losses, broken connections.
 *
 * Each rule gives one sentence per breach. The data of a semaphore are judged by the checker (data.ts), all else directly.
 */
import { judgeData } from './data.ts'
import type { History, Holding, Life, Observation, Place, Sighting } from './history.ts'

/** More would say no more. */
const BREACHES_MAX = 20
/** Of semaphores that nobody has created. */
const EPHEMERAL_LIMIT = 2n ** 64n - 1n

/** @returns what is wrong, in sentences; none when all promises were kept */
export function judge(history: History): string[] {
  const { observations, lives, sightings } = history
  const breaches = [
    ...livesOf(lives),
    ...tokensOf(observations),
    ...exclusionsOf(history),
    ...placesOf(history),
    ...judgeData(observations),
    ...sightingsOf(sightings, observations),
  ]
  return breaches.slice(0, BREACHES_MAX)
}

/** Sessions: nobody is lost while the server comes back in time; ids grow and are never given again. */
function* livesOf(lives: readonly Life[]): Iterable<string> {
  const inOrder = [...lives].sort((one, other) => one.calledAt - other.calledAt)
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
  for (const grant of grants.sort((one, other) => one.calledAt - other.calledAt)) {
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
  const limits = new Map<string, bigint>()
  for (const { object, input } of observations) {
    if (input.kind === 'create') limits.set(object, input.limit)
  }
  for (const [object, group] of byObject(holdings)) {
    const limit = limits.get(object) ?? EPHEMERAL_LIMIT
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

/** Descriptions: within the limit, nobody waits in vain, all who hold are owners, nobody who has left is. */
function* placesOf({ observations, holdings }: History): Iterable<string> {
  const heldOf = new Map(byObject(holdings))
  for (const { actor, object, output, calledAt, returnedAt } of observations) {
    if (output?.kind !== 'described') continue
    const seen = output.seen ?? { limit: 0n, owners: [], waiters: [] }
    const held = seen.owners.reduce((sum, owner) => sum + owner.count, 0n)
    const [first] = seen.waiters
    const free = seen.limit - held
    if (free < 0n) yield `${actor} saw ${held} units of ${seen.limit} held of "${object}"`
    if (first !== undefined && first.count <= free) {
      yield `${actor} saw token ${first.token} wait for ${first.count} of ${free} free units of "${object}"`
    }
    const holdsNow = new Set(seen.owners.map(({ token }) => token))
    for (const { token, from, to, goneAt } of heldOf.get(object) ?? []) {
      if (from < calledAt && to > returnedAt && !holdsNow.has(token)) {
        yield `${actor} saw "${object}" without its owner ${token}`
      }
      if (goneAt < calledAt && hasPlace([...seen.owners, ...seen.waiters], token)) {
        yield `${actor} saw token ${token} of "${object}" after it had been released`
      }
    }
  }
}

/** Watches: never an older value after a newer one, and the last one shown is the one that is there. */
function* sightingsOf(
  sightings: readonly Sighting[],
  observations: readonly Observation[],
): Iterable<string> {
  const rankOf = new Map<string, number>()
  const lastRead = new Map<string, string | null>()
  for (const { object, input, output } of inCallOrder(observations)) {
    if (input.kind === 'create' || input.kind === 'update') {
      rankOf.set(`${object} ${input.data}`, rankOf.size)
    }
    if (output?.kind === 'described') lastRead.set(object, output.seen?.data ?? null)
  }
  const latest = new Map<string, Sighting>()
  for (const sighting of sightings) {
    const { actor, object, data } = sighting
    const key = `${actor} ${object}`
    const before = latest.get(key)?.data ?? null
    latest.set(key, sighting)
    if (data === null || data === '' || before === null || before === '') continue
    const rank = rankOf.get(`${object} ${data}`)
    const rankBefore = rankOf.get(`${object} ${before}`)
    if (rank === undefined) yield `${actor} was shown "${data}" of "${object}", which nobody wrote`
    else if (rankBefore !== undefined && rank < rankBefore) {
      yield `${actor} was shown "${data}" of "${object}" after "${before}"`
    }
  }
  for (const { actor, object, data } of latest.values()) {
    const last = lastRead.get(object)
    if (last !== undefined && last !== data) {
      yield `${actor} was shown "${data}" of "${object}" last, but "${last}" is there`
    }
  }
}

function inCallOrder(observations: readonly Observation[]): readonly Observation[] {
  return [...observations].sort((one, other) => one.calledAt - other.calledAt)
}

function hasPlace(places: readonly Place[], token: bigint): boolean {
  return places.some((place) => place.token === token)
}

function byObject(holdings: readonly Holding[]): Iterable<[string, Holding[]]> {
  const groups = new Map<string, Holding[]>()
  for (const holding of holdings) {
    const group = groups.get(holding.object)
    if (group === undefined) groups.set(holding.object, [holding])
    else group.push(holding)
  }
  return groups
}
