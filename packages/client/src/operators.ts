/**
 * What an operator asks of a coordination node, beside its sessions: who is there, who holds what and who waits, and to end
 * or to free it by force.
 */
import type { HolderMessage, HoldingMessage, SessionMessage } from '@tenure/protocol'
import { idOf, nameOf } from './arguments.ts'
import type { OperatorAnswer, OperatorQuestion } from './link/link.ts'

/** A semaphore of which a session holds units, or for which it waits. */
export interface HoldingInfo {
  readonly name: string
  /** The fencing token; of one that waits, the one that it will have. */
  readonly token: bigint
  readonly count: bigint
  /** False while it waits. */
  readonly owns: boolean
  /** For how long it has held or waited. */
  readonly forMs: number
  /** The server was started, or has taken the node over, after it began: `forMs` counts from there. */
  readonly isAtLeast: boolean
}

export interface SessionInfo {
  readonly id: bigint
  readonly description: string
  readonly timeoutMs: number
  /** Whether its client is connected. */
  readonly isAttached: boolean
  /** Until it expires; its whole timeout while its client is connected. */
  readonly remainingMs: number
  /** What it holds and waits for, oldest first; a server shows no more than a page of them. */
  readonly holdings: readonly HoldingInfo[]
  /** All of them, also those that are not shown. */
  readonly holdingsCount: number
  /** Leases of records that it keeps alive. */
  readonly leases: number
}

/** An owner or waiter, and what is known of its session. */
export interface ExplainedHolder {
  readonly sessionId: bigint
  readonly token: bigint
  readonly count: bigint
  readonly data: Uint8Array
  /** For how long it has held or waited; null when the server shows no more than others of its session. */
  readonly forMs: number | null
  readonly isAtLeast: boolean
  /** Null when the server shows only the sessions of those before it. */
  readonly session: SessionInfo | null
  /** The other names for which its session waits. */
  readonly waitsFor: readonly HoldingInfo[]
}

export interface Explanation {
  readonly name: string
  readonly limit: bigint
  /** Units held. */
  readonly count: bigint
  readonly data: Uint8Array
  readonly ephemeral: boolean
  /** In the order of their tokens. */
  readonly owners: readonly ExplainedHolder[]
  /** In the order of the queue. */
  readonly waiters: readonly ExplainedHolder[]
}

/** Asks, and asks again while the server is away. */
export type AskOperator = (
  path: string,
  question: OperatorQuestion,
  signal: AbortSignal | undefined,
) => Promise<OperatorAnswer>

/** The contracts are those of the client's methods of the same names. */
export class Operators {
  readonly #ask: AskOperator

  constructor(ask: AskOperator) {
    this.#ask = ask
  }

  async checkToken(
    path: string,
    name: string,
    token: bigint,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const question = {
      kind: 'check-token',
      name: nameOf(name),
      token: idOf(token, 'a fencing token'),
    } as const
    return (await this.#answer(path, question, signal)).isNewest
  }

  async listSessions(path: string, signal?: AbortSignal): Promise<SessionInfo[]> {
    const sessions: SessionInfo[] = []
    for (;;) {
      const after = sessions.at(-1)?.id ?? 0n
      const page = await this.#answer(path, { kind: 'list-sessions', after, limit: 0 }, signal)
      sessions.push(...page.sessions.map(sessionInfo))
      if (!page.more) return sessions
    }
  }

  async endSession(path: string, id: bigint, signal?: AbortSignal): Promise<void> {
    const session = idOf(id, 'the id of a session')
    await this.#ask(path, { kind: 'end-session', session }, signal)
  }

  async forceRelease(
    path: string,
    name: string,
    sessionId: bigint,
    signal?: AbortSignal,
  ): Promise<void> {
    const session = idOf(sessionId, 'the id of a session')
    await this.#ask(path, { kind: 'force-release', name: nameOf(name), session }, signal)
  }

  async explain(path: string, name: string, signal?: AbortSignal): Promise<Explanation> {
    const question = { kind: 'explain-semaphore', name: nameOf(name) } as const
    const { description, sessions } = await this.#answer(path, question, signal)
    const known = new Map(sessions.map((session) => [session.id, sessionInfo(session)]))
    const explained = (holder: HolderMessage): ExplainedHolder =>
      explainedHolder(holder, known.get(holder.sessionId) ?? null)
    const { limit, count, data, ephemeral, owners, waiters } = description
    return {
      name,
      limit,
      count,
      data,
      ephemeral,
      owners: owners.map(explained),
      waiters: waiters.map(explained),
    }
  }

  async #answer<K extends keyof typeof ANSWER_OF>(
    path: string,
    question: OperatorQuestion & { readonly kind: K },
    signal: AbortSignal | undefined,
  ): Promise<AnswerTo<K>> {
    const answer = await this.#ask(path, question, signal)
    if (isAnswerTo(question.kind, answer)) return answer
    throw new Error(`${question.kind} was answered with ${answer.kind}`)
  }
}

const ANSWER_OF = {
  'check-token': 'token-checked',
  'list-sessions': 'sessions-listed',
  'explain-semaphore': 'semaphore-explained',
} as const

type AnswerTo<K extends keyof typeof ANSWER_OF> = Extract<
  OperatorAnswer,
  { kind: (typeof ANSWER_OF)[K] }
>

function isAnswerTo<K extends keyof typeof ANSWER_OF>(
  kind: K,
  answer: OperatorAnswer,
): answer is AnswerTo<K> {
  return answer.kind === ANSWER_OF[kind]
}

function explainedHolder(holder: HolderMessage, session: SessionInfo | null): ExplainedHolder {
  const { sessionId, orderId, count, data } = holder
  const holdings = session?.holdings ?? []
  const place = holdings.find(({ token }) => token === orderId)
  return {
    sessionId,
    token: orderId,
    count,
    data,
    forMs: place?.forMs ?? null,
    isAtLeast: place?.isAtLeast ?? false,
    session,
    waitsFor: holdings.filter(({ owns, token }) => !owns && token !== orderId),
  }
}

function sessionInfo(session: SessionMessage): SessionInfo {
  const { id, description, timeoutMs, isAttached, remainingMs } = session
  const { holdings, holdingsCount, leases } = session
  return {
    id,
    description,
    timeoutMs: Number(timeoutMs),
    isAttached,
    remainingMs: Number(remainingMs),
    holdings: holdings.map(holdingInfo),
    holdingsCount,
    leases,
  }
}

function holdingInfo(holding: HoldingMessage): HoldingInfo {
  const { name, orderId, count, owns, forMs, isAtLeast } = holding
  return { name, token: orderId, count, owns, forMs: Number(forMs), isAtLeast }
}
