/**
 * What operators ask and do: who is there, who holds what and since when, and to take it from him by force.
 */
import type { Asked } from './asked.ts'
import type { Holder } from './holder.ts'
import type {
  CheckToken,
  EndSession,
  ExplainSemaphore,
  ForceRelease,
  ListSessions,
  OperatorCommand,
} from './operator-command.ts'
import type { Holding, SessionDescription } from './operator-event.ts'
import type { Queues } from './queue.ts'
import type { Root } from './root.ts'
import { describeSemaphore, quoted } from './semaphore.ts'
import type { Semaphores } from './semaphore.ts'
import type { Session, Sessions } from './session.ts'

export interface Operated {
  readonly sessions: Sessions
  readonly semaphores: Semaphores
  readonly queues: Queues
  /** Ends a session as its timeout does. */
  readonly expire: (session: Session) => void
}

export class Operators {
  readonly #root: Root
  readonly #on: Operated

  constructor(root: Root, on: Operated) {
    this.#root = root
    this.#on = on
  }

  do(command: OperatorCommand): void {
    switch (command.kind) {
      case 'check-token':
        return this.#checkToken(command)
      case 'list-sessions':
        return this.#listSessions(command)
      case 'end-session':
        return this.#endSession(command)
      case 'force-release':
        return this.#forceRelease(command)
      case 'explain-semaphore':
        return this.#explain(command)
    }
  }

  #checkToken({ stream, requestId, name, token }: CheckToken): void {
    const isNewest = this.#on.semaphores.isNewestGrant(name, token)
    this.#root.turn.say({ kind: 'token-checked', stream, requestId, isNewest })
  }

  #listSessions(command: ListSessions): void {
    const { turn, limits } = this.#root
    const { stream, requestId, after, limit } = command
    if (!Number.isInteger(limit) || limit < 0) {
      const message = `the limit must be a whole number from 0, got ${limit}`
      return turn.refuse(command, 'INVALID_ARGUMENT', message)
    }
    const sessionsMax = Math.min(limit || Infinity, limits.listedSessionsMax)
    const sessions: SessionDescription[] = []
    let more = false
    for (const session of this.#on.sessions.after(after)) {
      more = sessions.length === sessionsMax
      if (more) break
      sessions.push(this.#describe(session))
    }
    turn.say({ kind: 'sessions-listed', stream, requestId, sessions, more })
  }

  #endSession(command: EndSession): void {
    const { sessions, expire } = this.#on
    const session = sessions.find(command.session)
    if (session === undefined) {
      const message = `session ${command.session} does not exist`
      return this.#root.turn.refuse(command, 'NOT_FOUND', message)
    }
    const { stream } = session
    if (stream !== null) sessions.sayEnded(session, stream, 'expired')
    expire(session)
    this.#sayDone(command)
  }

  #forceRelease(command: ForceRelease): void {
    const { sessions, semaphores, queues } = this.#on
    const { name, session: id } = command
    const semaphore = semaphores.findFor(command)
    if (semaphore === null) return
    const session = sessions.find(id)
    const holder = session?.holders?.get(semaphore)
    if (session === undefined || holder === undefined) {
      const message = `session ${id} neither holds ${quoted(name)} nor waits for it`
      return this.#root.turn.refuse(command, 'NOT_FOUND', message)
    }
    if (!holder.owns) queues.abort(holder, 'released by an operator')
    queues.leave(holder)
    this.#sayRevoked(session, holder)
    this.#sayDone(command)
    semaphores.settle(semaphore, holder.owns)
  }

  #explain(command: ExplainSemaphore): void {
    const semaphore = this.#on.semaphores.findFor(command)
    if (semaphore === null) return
    const { stream, requestId } = command
    const sessions: SessionDescription[] = []
    for (const holders of [semaphore.owners, semaphore.waiters]) {
      for (const { session } of holders) {
        if (sessions.length === this.#root.limits.explainedSessionsMax) break
        sessions.push(this.#describe(session))
      }
    }
    const description = describeSemaphore(semaphore, { owners: true, waiters: true })
    this.#root.turn.say({ kind: 'semaphore-explained', stream, requestId, description, sessions })
  }

  #describe(session: Session): SessionDescription {
    const { nowMs } = this.#root.turn
    const isAttached = session.stream !== null
    const remainingMs = isAttached ? session.timeoutMs : Math.max(0, session.dueMs - nowMs)
    return {
      id: session.id,
      description: session.description,
      timeoutMs: BigInt(session.timeoutMs),
      isAttached,
      remainingMs: BigInt(Math.ceil(remainingMs)),
      holdings: this.#holdingsOf(session),
      holdingsCount: session.holders?.size ?? 0,
      leases: session.leases?.size ?? 0,
    }
  }

  #holdingsOf({ holders }: Session): Holding[] {
    const { turn, limits } = this.#root
    const holdings: Holding[] = []
    for (const holder of holders?.values() ?? []) {
      if (holdings.length === limits.describedHoldingsMax) break
      const { orderId, count, owns, isAtLeast } = holder
      const forMs = BigInt(Math.floor(turn.nowMs - holder.sinceMs))
      holdings.push({ name: holder.semaphore.name, orderId, count, owns, forMs, isAtLeast })
    }
    return holdings
  }

  #sayRevoked({ id: session, stream }: Session, { semaphore: { name }, orderId }: Holder): void {
    if (stream !== null) this.#root.turn.say({ kind: 'revoked', stream, session, name, orderId })
  }

  #sayDone({ stream, requestId }: Asked): void {
    this.#root.turn.say({ kind: 'done', stream, requestId })
  }
}
