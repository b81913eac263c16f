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
import type { SessionRequest } from '@tenure/protocol'
import type { Desk } from '../programs/program.ts'
import type { World } from '../world.ts'
import type { Judge } from './judge.ts'
import { STEPS_MAX } from './limits.ts'

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
  readonly #world: World
  readonly #judge: Judge
  readonly #histories = new Map<string, Open[]>()
  readonly #timesSent = new Map<string, number>()

  constructor(world: World, judge: Judge) {
    this.#world = world
    this.#judge = judge
  }

  /** A client has sent a request, for the first time or again. */
  sent(client: string, request: SessionRequest): void {
    if (!('name' in request)) return
    const key = keyOf(client, request)
    this.#timesSent.set(key, this.#timesOf(key) + 1)
  }

  calling(desk: Desk, session: Session, { name, request }: Asked): Recording {
    const key = keyOf(desk.process.name, { kind: request.kind, name })
    const before = this.#timesOf(key)
    const open: Open = {
      actor: `${desk.name} session ${session.id}`,
      input: request,
      output: null,
      calledAt: this.#world.nextTick(),
      returnedAt: Infinity,
    }
    desk.note(`${name}: ${registerModel.describe(request, null)}`)
    const history = this.#histories.get(name)
    if (history === undefined) this.#histories.set(name, [open])
    else history.push(open)
    return {
      returned: (output) => {
        open.output = output
        open.returnedAt = this.#world.nextTick()
        if (this.#timesOf(key) - before > 1) {
          this.#world.marks.reached('a request that was asked again')
        }
        desk.note(`${name}: ${registerModel.describe(request, output)}`)
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
      if (verdict.kind === 'unknown') this.#judge.tooHard()
      else if (verdict.kind === 'violation') {
        this.#judge.violate('L1', `the data of "${name}": ${explain(verdict)}`)
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
