/** What was done with single records: recorded at the programs, judged when the run is over (K2). */
import {
  check,
  explain,
  type Operation,
  type RecordInput,
  recordModel,
  type RecordOutput,
} from '@tenure/checker'
import type { Archive } from './archive.ts'
import type { Actor, Ground, Verdicts } from './ground.ts'
import { STEPS_MAX } from './limits.ts'

type RecordStep = Operation<RecordInput, RecordOutput>
type Open = { -readonly [K in keyof RecordStep]: RecordStep[K] }

/** One operation from its call on. What is never returned stays open. */
export interface RecordRecording {
  returned(output: RecordOutput): void
  /** The server has refused it, or was never asked: nothing was done. */
  forgotten(): void
}

export class RecordHistories {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #archive: Archive
  readonly #histories = new Map<string, Open[]>()

  constructor(ground: Ground, verdicts: Verdicts, archive: Archive) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#archive = archive
  }

  calling(actor: Actor, key: string, input: RecordInput): RecordRecording {
    const open: Open = {
      actor: actor.name,
      input,
      output: null,
      calledAt: this.#ground.nextTick(),
      returnedAt: Infinity,
    }
    actor.note(`${key}: ${recordModel.describe(input, null)}`)
    const history = this.#histories.get(key)
    if (history === undefined) this.#histories.set(key, [open])
    else history.push(open)
    return {
      returned: (output) => {
        open.output = output
        open.returnedAt = this.#ground.nextTick()
        actor.note(`${key}: ${recordModel.describe(input, output)}`)
      },
      forgotten: () => {
        const kept = this.#histories.get(key)
        kept?.splice(kept.indexOf(open), 1)
      },
    }
  }

  /** Judges every history. */
  settle(): void {
    for (const [key, history] of this.#histories) {
      const closed = history.flatMap((one) => this.#closed(one))
      const verdict = check(recordModel, closed, { stepsMax: STEPS_MAX })
      if (verdict.kind === 'unknown') this.#verdicts.tooHard()
      else if (verdict.kind === 'violation') {
        this.#verdicts.violate('K2', `the record "${key}": ${explain(verdict)}`)
      }
    }
  }

  /** What was not answered was done when its value was stored, or not at all. */
  #closed(one: RecordStep): RecordStep[] {
    const { input, output } = one
    if (output !== null) return [one]
    if (input.kind === 'get') return []
    if (!('value' in input)) return [one]
    const storedAt = this.#archive.storedAt(input.value)
    return storedAt === Infinity ? [] : [{ ...one, returnedAt: storedAt }]
  }
}
