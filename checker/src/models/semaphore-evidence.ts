/**
 * What order ids tell of time. They grow in the order of entering, so whoever has a smaller one entered earlier, and whoever is
 * seen in a description had entered by then. Narrower times leave the verdict as it is and shorten the search for it.
 */
import type { Operation } from '../history.ts'
import type { Holding } from './holders.ts'
import { type SemaphoreInput, type SemaphoreOutput, tokenOf } from './semaphore-operation.ts'

type Step = Operation<SemaphoreInput, SemaphoreOutput>

/** A session seen with an order id. */
interface Sighting {
  readonly session: bigint
  readonly token: bigint
  readonly owns: boolean
  readonly calledAt: number
  readonly returnedAt: number
}

export function narrowed(steps: readonly Step[]): Step[] {
  const sightings = steps.flatMap((step) => sightingsIn(step))
  const named = withSeenTokens(steps, sightings)
  const entered = new Bounds()
  const granted = new Bounds()
  for (const { token, owns, returnedAt } of sightings) {
    entered.seen(token, returnedAt)
    if (owns) granted.seen(token, returnedAt)
  }
  for (const { input, output, calledAt, returnedAt } of named) {
    const token = tokenOf(output)
    if (token === null) continue
    if (input.kind === 'enqueue') entered.add(token, calledAt, returnedAt)
    if (input.kind === 'granted') granted.add(token, calledAt, returnedAt)
  }
  entered.close()
  granted.close()
  return named.map((step) => {
    const { input, output } = step
    const token = tokenOf(output)
    if (input.kind === 'expire') return afterSightings(step, input.session, sightings)
    if (token === null) return step
    return input.kind === 'enqueue' ? entered.narrow(step, token) : granted.narrow(step, token)
  })
}

/** When something happened to the holders of order ids, which it did in their order. */
class Bounds {
  readonly #known = new Map<bigint, { from: number; until: number }>()

  /** The first of several counts: whoever is in already may ask again with other terms, and keeps the order id. */
  add(token: bigint, calledAt: number, returnedAt: number): void {
    const { from, until } = this.#known.get(token) ?? { from: Infinity, until: Infinity }
    this.#known.set(token, {
      from: Math.min(from, calledAt),
      until: Math.min(until, returnedAt),
    })
  }

  /** The order id was seen by then. */
  seen(token: bigint, returnedAt: number): void {
    const { from, until } = this.#known.get(token) ?? { from: Infinity, until: Infinity }
    this.#known.set(token, { from, until: Math.min(until, returnedAt) })
  }

  /** Draws the conclusions, when all is added. */
  close(): void {
    const inOrder = [...this.#known].sort(([one], [other]) => (one < other ? -1 : 1))
    let from = -Infinity
    for (const [, bound] of inOrder) {
      if (bound.from !== Infinity) from = Math.max(from, bound.from)
      bound.from = from
    }
    let until = Infinity
    for (const [, bound] of inOrder.toReversed()) {
      until = Math.min(until, bound.until)
      bound.until = until
    }
  }

  /** Bounds that cross say that no order is possible; the search says better why. */
  narrow(step: Step, token: bigint): Step {
    const bound = this.#known.get(token)
    if (bound === undefined) return step
    const calledAt = Math.max(step.calledAt, bound.from)
    const returnedAt = Math.min(step.returnedAt, bound.until)
    return calledAt <= returnedAt ? { ...step, calledAt, returnedAt } : step
  }
}

/** An entry whose order id was not told, and that must be the one that was seen, certainly happened, and has that order id. */
function withSeenTokens(steps: readonly Step[], sightings: readonly Sighting[]): Step[] {
  const told = new Set(steps.map(({ output }) => tokenOf(output)))
  const unnamed = new Map<bigint, Step[]>()
  for (const step of steps) {
    const { input, output } = step
    if (input.kind !== 'enqueue' || !mayHaveEntered(output)) continue
    unnamed.set(input.session, [...(unnamed.get(input.session) ?? []), step])
  }
  const named = new Map<Step, Sighting>()
  for (const sighting of sightings) {
    if (told.has(sighting.token)) continue
    const possible = (unnamed.get(sighting.session) ?? []).filter(
      ({ calledAt, returnedAt }) =>
        calledAt <= sighting.returnedAt && returnedAt >= sighting.calledAt,
    )
    const [only, ...others] = possible
    if (only !== undefined && others.length === 0 && !named.has(only)) named.set(only, sighting)
  }
  return steps.map((step) => {
    const sighting = named.get(step)
    return sighting === undefined ? step : certain(step, sighting)
  })
}

function certain(step: Step, { token, returnedAt }: Sighting): Step {
  const { input, output } = step
  const once = input.kind === 'enqueue' && input.once
  const unanswered = once ? 'granted' : 'entered'
  const kind = output?.kind === 'queued' || output?.kind === 'granted' ? output.kind : unanswered
  return { ...step, output: { kind, token }, returnedAt: Math.min(step.returnedAt, returnedAt) }
}

function mayHaveEntered(output: SemaphoreOutput | null): boolean {
  return output === null || ('token' in output && output.token === null)
}

/** Whoever is seen had not ended before. */
function afterSightings(step: Step, session: bigint, sightings: readonly Sighting[]): Step {
  const seen = sightings.filter((sighting) => sighting.session === session)
  const calledAt = Math.max(step.calledAt, ...seen.map((sighting) => sighting.calledAt))
  return calledAt <= step.returnedAt ? { ...step, calledAt } : step
}

function sightingsIn({ output, calledAt, returnedAt }: Step): Sighting[] {
  if (output?.kind !== 'described') return []
  const shown = ({ session, token }: Holding, owns: boolean): Sighting => {
    return { session, token, owns, calledAt, returnedAt }
  }
  return [
    ...(output.owners ?? []).map((holding) => shown(holding, true)),
    ...(output.waiters ?? []).map((holding) => shown(holding, false)),
  ]
}
