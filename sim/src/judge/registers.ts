/** What was done with the data of each semaphore: recorded at the programs, judged when the run is over. */
import {
  check,
  closeAtFirstRead,
  closeAtNextAnswer,
  explain,
  type Operation,
  type RegisterInput,
  registerModel,
  type RegisterOutput,
  registerWriting,
} from '@tenure/checker'
import type { Session } from '@tenure/client'
import type { SessionOperation, SessionRequest } from '@tenure/protocol'
import { STEPS_MAX } from './limits.ts'
import type { Actor, Ground, Verdicts } from './ground.ts'

type RegisterOperation = Operation<RegisterInput, RegisterOutput>
type Open = { -readonly [K in keyof RegisterOperation]: RegisterOperation[K] }

/** One operation from its call on. What is never returned stays open for ever. */
export interface Recording {
  returned(output: RegisterOutput): void
}

export interface Asked {
  readonly name: string
  readonly request: RegisterInput
}

export class Registers {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #histories = new Map<string, Open[]>()
  readonly #timesSent = new Map<string, number>()

  constructor(ground: Ground, verdicts: Verdicts) {
    this.#ground = ground
    this.#verdicts = verdicts
  }

  /** A client has sent a request, for the first time or again. */
  sent(client: string, request: SessionRequest | SessionOperation): void {
    if (!('name' in request)) return
    const key = keyOf(client, request)
    this.#timesSent.set(key, this.#timesOf(key) + 1)
  }

  calling(actor: Actor, session: Session, { name, request }: Asked): Recording {
    const key = keyOf(actor.process.name, { kind: request.kind, name })
    const before = this.#timesOf(key)
    const open: Open = {
      actor: `${actor.name} session ${session.id}`,
      input: request,
      output: null,
      calledAt: this.#ground.nextTick(),
      returnedAt: Infinity,
    }
    actor.note(`${name}: ${registerModel.describe(request, null)}`)
    const history = this.#histories.get(name)
    if (history === undefined) this.#histories.set(name, [open])
    else history.push(open)
    return {
      returned: (output) => {
        open.output = output
        open.returnedAt = this.#ground.nextTick()
        if (this.#timesOf(key) - before > 1) {
          this.#ground.marks.reached('a request that was asked again')
        }
        actor.note(`${name}: ${registerModel.describe(request, output)}`)
      },
    }
  }

  #timesOf(key: string): number {
    return this.#timesSent.get(key) ?? 0
  }

  /** Judges every history. */
  settle(): void {
    for (const [name, history] of this.#histories) {
      const closed = closeAtFirstRead(closeAtNextAnswer(history), registerWriting)
      const verdict = check(registerModel, closed, { stepsMax: STEPS_MAX })
      if (verdict.kind === 'unknown') this.#verdicts.tooHard()
      else if (verdict.kind === 'violation') {
        this.#verdicts.violate('L1', `the data of "${name}": ${explain(verdict)}`)
      }
    }
  }
}

/** A client has one program at most that edits a name, and that does one thing at a time. */
function keyOf(
  client: string,
  { kind, name }: { readonly kind: string; readonly name: string },
): string {
  return `${client} ${kind} ${name}`
}
