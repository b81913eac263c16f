/** What was done with the data of each semaphore: recorded at the programs, judged when the run is over. */
import {
  check,
  closeAtFirstRead,
  closeAtNextAnswer,
  explain,
  type RegisterInput,
  registerModel,
  type RegisterOutput,
  registerWriting,
  type Writing,
} from '@tenure/checker'
import type { Session } from '@tenure/client'
import type { SessionRequest } from '@tenure/protocol'
import type { Desk } from '../programs/program.ts'
import type { World } from '../world.ts'
import type { Judge } from './judge.ts'
import { STEPS_MAX } from './limits.ts'
import { type AskedInput, askedModel, type AskedOperation } from './register-history.ts'

interface Open {
  readonly actor: string
  readonly request: RegisterInput
  readonly calledAt: number
  /** How often the request has been sent, at this moment or at the end of the call. */
  readonly timesAsked: () => number
  output: RegisterOutput | null
  returnedAt: number
}

/** One operation from its call on. What is never returned stays open for ever. */
export interface Recording {
  returned(output: RegisterOutput): void
}

const writing: Writing<AskedInput, RegisterOutput> = {
  writtenBy: ({ request }) => registerWriting.writtenBy(request),
  seenIn: ({ request }, output) => registerWriting.seenIn(request, output),
  isTraceless: ({ request }) => registerWriting.isTraceless(request),
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
    let timesAsked = (): number => this.#timesOf(key) - before
    const open: Open = {
      actor: `${desk.name} session ${session.id}`,
      request,
      calledAt: this.#world.nextTick(),
      timesAsked: () => timesAsked(),
      output: null,
      returnedAt: Infinity,
    }
    desk.note(`${name}: ${registerModel.describe(request, null)}`)
    const history = this.#histories.get(name)
    if (history === undefined) this.#histories.set(name, [open])
    else history.push(open)
    return {
      returned: (output) => {
        const times = timesAsked()
        timesAsked = () => times
        open.output = output
        open.returnedAt = this.#world.nextTick()
        if (times > 1) this.#world.marks.reached('a request that was asked again')
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
      const operations = history.flatMap((open) => operationsOf(open))
      const closed = closeAtFirstRead(closeAtNextAnswer(operations), writing)
      const verdict = check(askedModel, closed, { stepsMax: STEPS_MAX })
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

export interface Asked {
  readonly name: string
  readonly request: RegisterInput
}

function operationsOf({ actor, request, output, ...open }: Open): readonly AskedOperation[] {
  const { calledAt, returnedAt } = open
  const times = open.timesAsked()
  const isWrite = request.kind !== 'describe'
  const again = Array.from({ length: isWrite ? Math.max(0, times - 1) : 0 }, () => ({
    actor,
    input: { kind: 'again', request } as const,
    // It may be left out; an answer ends the time in which it may be done again.
    output: null,
    calledAt,
    returnedAt,
  }))
  const input = { kind: 'asked', request, isRepeated: times > 1 } as const
  return [{ actor, input, output, calledAt, returnedAt }, ...again]
}
