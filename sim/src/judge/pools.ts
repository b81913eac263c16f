/** Who asked for units of a semaphore and who got them: recorded at the programs, judged when the run is over. */
import {
  check,
  explain,
  type Operation,
  type SemaphoreAnswer,
  type SemaphoreCall,
  type SemaphoreInput,
  semaphoreModel,
  type SemaphoreOutput,
  semaphoreOperations,
} from '@tenure/checker'
import type { Session } from '@tenure/client'
import type { Process } from '../machine/process.ts'
import type { Lockable } from './lockable.ts'
import { STEPS_MAX } from './limits.ts'
import type { Ground, Verdicts } from './ground.ts'

type Seen = Operation<SemaphoreCall, SemaphoreAnswer>
type Open = { -readonly [K in keyof Seen]: Seen[K] }

interface History {
  readonly pool: Lockable
  readonly seen: Open[]
  readonly sessions: Set<bigint>
  /** Sessions whose last acquire was given up, and may not be out of the server's books yet. */
  readonly unsettled: Set<bigint>
}

export interface PoolRecording {
  returned(answer: SemaphoreAnswer): void
  /** The server was never asked. */
  forgotten(): void
}

export class Pools {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #histories = new Map<string, History>()
  /** When a session may have ended at the earliest. */
  readonly #ends = new Map<bigint, number>()

  constructor(ground: Ground, verdicts: Verdicts) {
    this.#ground = ground
    this.#verdicts = verdicts
  }

  calling(pool: Lockable, session: Session, input: SemaphoreCall): PoolRecording {
    const history = this.#historyOf(pool)
    history.sessions.add(session.id)
    const open: Open = {
      actor: `session ${session.id}`,
      input,
      output: null,
      calledAt: this.#ground.nextTick(),
      returnedAt: Infinity,
    }
    history.seen.push(open)
    return {
      returned: (answer) => {
        open.output = answer
        open.returnedAt = this.#ground.nextTick()
        if (answer.kind === 'abandoned') history.unsettled.add(session.id)
        else if (answer.kind === 'acquired') history.unsettled.delete(session.id)
      },
      forgotten: () => {
        history.seen.splice(history.seen.indexOf(open), 1)
      },
    }
  }

  /** Whether the next acquire of the session may have to wait for the end of the one before, without asking the server. */
  isUnsettled(pool: Lockable, session: Session): boolean {
    return this.#historyOf(pool).unsettled.has(session.id)
  }

  /** From here on the session may be gone: it is closed or lost, or its process is dead or asleep. */
  mayEnd(sessionId: bigint): void {
    if (!this.#ends.has(sessionId)) this.#ends.set(sessionId, this.#ground.nextTick())
  }

  /** Listens for all that can end the session. */
  opened(process: Process, session: Session): void {
    const { id, signal } = session
    signal.addEventListener('abort', () => this.mayEnd(id), { once: true })
    process.onCrash(() => this.mayEnd(id))
    process.onPause(() => this.mayEnd(id))
  }

  /** Judges every history. */
  settle(): void {
    for (const { pool, seen, sessions } of this.#histories.values()) {
      const ends = [...sessions].flatMap((session) => this.#endOf(session))
      const operations = closeAtNextGrant(semaphoreOperations([...seen, ...ends]))
      const verdict = check(semaphoreModel(pool.limit), operations, { stepsMax: STEPS_MAX })
      if (verdict.kind === 'unknown') this.#verdicts.tooHard()
      else if (verdict.kind === 'violation') {
        this.#verdicts.violate('X3', `the semaphore "${pool.name}": ${explain(verdict)}`)
      }
    }
  }

  #endOf(session: bigint): Seen[] {
    const calledAt = this.#ends.get(session)
    if (calledAt === undefined) return []
    const input = { kind: 'end', session } as const
    return [{ actor: 'server', input, output: null, calledAt, returnedAt: Infinity }]
  }

  #historyOf(pool: Lockable): History {
    const present = this.#histories.get(pool.name)
    if (present !== undefined) return present
    const history: History = { pool, seen: [], sessions: new Set(), unsettled: new Set() }
    this.#histories.set(pool.name, history)
    return history
  }
}

type Step = Operation<SemaphoreInput, SemaphoreOutput>

/**
 * Ends what a session asked without an answer at its next grant: the client library asks for a name again only when the server
 * has confirmed that the acquire before is out of its books.
 */
function closeAtNextGrant(operations: readonly Step[]): Step[] {
  return operations.map((operation) => {
    const { actor, output, calledAt, returnedAt } = operation
    if (output !== null) return operation
    const later = operations.filter(
      (other) => other.actor === actor && other.calledAt > calledAt && isGrant(other),
    )
    return {
      ...operation,
      returnedAt: Math.min(returnedAt, ...later.map((grant) => grant.returnedAt)),
    }
  })
}

function isGrant({ input, output }: Step): boolean {
  return input.kind === 'granted' || output?.kind === 'granted'
}
