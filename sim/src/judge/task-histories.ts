/**
 * What was done with single tasks, as the programs were told: recorded there, and judged when the run is over (J1, J2, J3, J5).
 *
 * A task whose opening was not answered has no history: nobody knows of it before it is handed out.
 */
import {
  check,
  explain,
  type LogInput,
  logModel,
  type LogOutput,
  type Operation,
} from '@tenure/checker'
import type { Actor, Ground, Verdicts } from './ground.ts'
import { STEPS_MAX } from './limits.ts'
import type { AttemptName } from './task-drivers.ts'
import type { TaskTexts } from './task-texts.ts'

type Step = Operation<LogInput, LogOutput>
type Open = { -readonly [K in keyof Step]: Step[K] }

/** One operation from its call on. What is never returned stays open. */
export interface TaskRecording {
  returned(output?: LogOutput): void
}

const DONE: LogOutput = { kind: 'done' }

export class TaskHistories {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #texts: TaskTexts
  readonly #histories = new Map<bigint, Open[]>()

  constructor(ground: Ground, verdicts: Verdicts, texts: TaskTexts) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#texts = texts
  }

  /** @param calledAt of the call that has opened it */
  opened(
    actor: Actor,
    index: bigint,
    { record, calledAt }: { readonly record: string | null; readonly calledAt: number },
  ): void {
    const input: LogInput = { kind: 'open', record }
    const step = { actor: actor.name, input, output: DONE, calledAt, returnedAt: this.#now() }
    this.#histories.set(index, [step])
    this.#mayLose(actor, { index, attempt: 0 }, calledAt)
  }

  /** @param calledAt when the hand-out was stored */
  handed(
    actor: Actor,
    name: AttemptName,
    { records, calledAt }: { readonly records: readonly string[]; readonly calledAt: number },
  ): void {
    const { index, attempt } = name
    const output: LogOutput = { kind: 'handed-out', attempt, records }
    const input: LogInput = { kind: 'hand-out' }
    const step = { actor: actor.name, input, output, calledAt, returnedAt: this.#now() }
    this.#histories.get(index)?.push(step)
    this.#mayLose(actor, name, calledAt)
  }

  calling(
    actor: Actor,
    index: bigint,
    input: LogInput,
    calledAt: number = this.#now(),
  ): TaskRecording {
    const open: Open = {
      actor: actor.name,
      input,
      output: null,
      calledAt,
      returnedAt: Infinity,
    }
    this.#histories.get(index)?.push(open)
    return {
      returned: (output = DONE) => {
        open.output = output
        open.returnedAt = this.#now()
      },
    }
  }

  /** Judges every history. */
  settle(): void {
    for (const [index, history] of this.#histories) {
      const closed = history.flatMap((one) => this.#closed(one))
      const verdict = check(logModel, closed, { stepsMax: STEPS_MAX })
      if (verdict.kind === 'unknown') this.#verdicts.tooHard()
      else if (verdict.kind === 'violation') {
        this.#verdicts.violate('J5', `task ${index}: ${explain(verdict)}`)
      }
    }
  }

  /** Its connection may break at any time, also before it has heard that the task is its own. */
  #mayLose(actor: Actor, { index, attempt }: AttemptName, fromTick: number): void {
    this.calling(actor, index, { kind: 'lose', attempt }, fromTick)
  }

  /** What was not answered was done when its record was stored, or not at all. */
  #closed(one: Step): Step[] {
    const { input, output } = one
    if (output !== null || !('record' in input) || input.record === null) return [one]
    const landing = this.#texts.landingOf(input.record)
    return landing === undefined ? [] : [{ ...one, returnedAt: landing.tick }]
  }

  #now(): number {
    return this.#ground.nextTick()
  }
}
