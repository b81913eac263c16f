/** What happened in a run, line by line, and one number that stands for all of it. */
import { hashOf } from '../random.ts'
import type { Schedule } from '../machine/schedule.ts'

export interface TraceLine {
  readonly atMs: number
  readonly party: string
  readonly text: string
}

export class Trace {
  readonly #schedule: Schedule
  readonly #keeps: boolean
  readonly #lines: TraceLine[] = []
  #hash = 0

  /** @param keeps whether the lines are wanted, or only their hash */
  constructor(schedule: Schedule, keeps: boolean) {
    this.#schedule = schedule
    this.#keeps = keeps
  }

  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0')
  }

  get lines(): readonly TraceLine[] {
    return this.#lines
  }

  note(party: string, text: string): void {
    const atMs = this.#schedule.nowMs
    this.#hash = hashOf(`${atMs} ${party} ${text}`, this.#hash)
    if (this.#keeps) this.#lines.push({ atMs, party, text })
  }
}
