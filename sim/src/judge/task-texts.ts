/**
 * Every record that programs write into tasks: each text once in a run, so that it can be told where it went.
 *
 * A record lands in the task that it was written to, once, behind those that its writer has written before (J1, J5); one that was
 * refused lands nowhere (M2).
 */
import type { Ground, Verdicts } from './ground.ts'
import { type AttemptName, keyOf } from './task-drivers.ts'

/** Where a record was stored. */
export interface Landing extends AttemptName {
  readonly tick: number
  /** It has taken the place of all before it. */
  isReplacement: boolean
}

interface Numbered {
  readonly writer: string
  readonly serial: number
}

export class TaskTexts {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  /** null: of the task that was opened with it. */
  readonly #asked = new Map<string, bigint | null>()
  readonly #refused = new Set<string>()
  readonly #landings = new Map<string, Landing>()
  /** The latest of each writer in each task. */
  readonly #latest = new Map<string, number>()

  constructor(ground: Ground, verdicts: Verdicts) {
    this.#ground = ground
    this.#verdicts = verdicts
  }

  /** A server was asked to write it. */
  asked(text: string, index: bigint | null): void {
    this.#asked.set(text, index)
  }

  /** A server has refused it, or the client library has. */
  refused(text: string): void {
    this.#refused.add(text)
    if (this.#landings.has(text)) this.#violate(`"${text.trimEnd()}" was refused, and is stored`)
  }

  landed(text: string, index: bigint, attempt: number): Landing {
    const words = `"${text.trimEnd()}"`
    const before = this.#landings.get(text)
    if (before !== undefined) {
      this.#violate(`${words} was written to task ${before.index}, and then to task ${index}`)
    }
    if (this.#refused.has(text)) this.#violate(`${words} was refused, and is stored`)
    const wanted = this.#asked.get(text) ?? index
    if (wanted !== index) this.#violate(`${words} is for task ${wanted}, and is in task ${index}`)
    this.#judgeOrder(text, index)
    const landing = { index, attempt, tick: this.#ground.nextTick(), isReplacement: false }
    this.#landings.set(text, landing)
    return landing
  }

  landingOf(text: string): Landing | undefined {
    return this.#landings.get(text)
  }

  /** J1: it was said to be written, and is stored. J3: it was written in that attempt. */
  acknowledged(text: string, { index, attempt }: AttemptName): void {
    const landing = this.#landings.get(text)
    const words = `"${text.trimEnd()}" was written to task ${index}`
    if (landing === undefined) {
      this.#verdicts.violate('J1', `${words}, and is not stored`)
    } else if (landing.index !== index || landing.attempt !== attempt) {
      const problem = `${words} in attempt ${attempt}, and landed in ${keyOf(landing)}`
      this.#verdicts.violate('J3', problem)
    }
  }

  /** J1: in the order of the calls. */
  #judgeOrder(text: string, index: bigint): void {
    const numbered = numberedOf(text)
    if (numbered === null) return
    const { writer, serial } = numbered
    const key = `${index} ${writer}`
    const latest = this.#latest.get(key) ?? 0
    this.#latest.set(key, Math.max(latest, serial))
    if (serial > latest) return
    const problem = `${writer} wrote record ${serial} before ${latest}, and it is behind it in task ${index}`
    this.#verdicts.violate('J1', problem)
  }

  #violate(problem: string): void {
    this.#verdicts.violate('J5', problem)
  }
}

/** For people. */
export function listOf(texts: readonly string[]): string {
  return `[${texts.map((text) => text.trimEnd()).join(', ')}]`
}

function numberedOf(text: string): Numbered | null {
  const at = text.lastIndexOf(':')
  const serial = Number(text.slice(at + 1))
  return at < 0 || Number.isNaN(serial) ? null : { writer: text.slice(0, at), serial }
}
