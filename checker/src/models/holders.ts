/**
 * The owners and waiters of a semaphore as far as they are known: an order id is known when an answer or a description told it.
 */
import { exactly, growing, mayBe, printed, type Serial } from './serial.ts'

export interface Holder {
  readonly session: bigint
  readonly count: bigint
  readonly token: Serial
}

export interface SemaphoreState {
  /** Ascending by order id, like the waiters, which all come after them. */
  readonly owners: readonly Holder[]
  readonly waiters: readonly Holder[]
  /** The greatest order id that was told. */
  readonly last: bigint
  /** Ascending. */
  readonly ended: readonly bigint[]
}

/** An owner or waiter as a description shows it. */
export interface Holding {
  readonly session: bigint
  readonly count: bigint
  readonly token: bigint
}

/** What a description shows; null for a list that was not asked for. */
export interface Sight {
  readonly owners: readonly Holding[] | null
  readonly waiters: readonly Holding[] | null
}

export function has(holders: readonly Holder[], session: bigint): boolean {
  return holders.some((holder) => holder.session === session)
}

/** The state when it is told that this session's order id is `token`; null when it cannot be. */
export function tell(
  state: SemaphoreState,
  session: bigint,
  token: bigint | null,
): SemaphoreState | null {
  const learn = (holders: readonly Holder[]): Holder[] =>
    holders.map((holder) =>
      holder.session === session && token !== null ? withToken(holder, token) : holder,
    )
  return inOrder(state, learn(state.owners), learn(state.waiters))
}

/** The state when it was seen like this; null when it cannot look so. */
export function see(state: SemaphoreState, { owners, waiters }: Sight): SemaphoreState | null {
  const seenOwners = seeList(state.owners, owners)
  const seenWaiters = seeList(state.waiters, waiters)
  if (seenOwners === null || seenWaiters === null) return null
  return inOrder(state, seenOwners, seenWaiters)
}

function seeList(
  holders: readonly Holder[],
  seen: readonly Holding[] | null,
): readonly Holder[] | null {
  if (seen === null) return holders
  if (seen.length !== holders.length) return null
  const inOrder = seen.toSorted((one, other) => (one.token < other.token ? -1 : 1))
  const learned: Holder[] = []
  for (const [at, { session, count, token }] of inOrder.entries()) {
    const holder = holders[at]
    if (holder?.session !== session || holder.count !== count) return null
    learned.push(withToken(holder, token))
  }
  return learned
}

/** An order id that cannot be leaves no number between the bounds. */
function withToken(holder: Holder, token: bigint): Holder {
  const known = exactly(token)
  return { ...holder, token: mayBe(holder.token, token) ? known : { ...known, least: token + 1n } }
}

/** The state with holders of whom more is known; null when their order ids do not grow. */
function inOrder(
  state: SemaphoreState,
  owners: readonly Holder[],
  waiters: readonly Holder[],
): SemaphoreState | null {
  const holders = [...owners, ...waiters]
  const tokens = growing(holders.map(({ token }) => token))
  if (tokens === null) return null
  let { last } = state
  const bounded = holders.map((holder, at): Holder => {
    const token = tokens[at] ?? holder.token
    if (token.least === token.most && token.least > last) last = token.least
    return { ...holder, token }
  })
  return {
    ...state,
    owners: bounded.slice(0, owners.length),
    waiters: bounded.slice(owners.length),
    last,
  }
}

export function said(holders: readonly Holder[]): string {
  const each = holders.map(({ session, count, token }) => `${session}x${count}#${printed(token)}`)
  return `[${each.join(' ')}]`
}

export function saidSight({ owners, waiters }: Sight): string {
  return `owners ${saidHoldings(owners)} waiters ${saidHoldings(waiters)}`
}

function saidHoldings(holdings: readonly Holding[] | null): string {
  if (holdings === null) return 'not asked for'
  return `[${holdings.map(({ session, count, token }) => `${session}x${count}#${token}`).join(' ')}]`
}
