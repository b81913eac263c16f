/**
 * What watchers saw: a value of one writer never comes after a later one of the same writer, and once all is quiet the last
 * value seen is the one that is stored.
 */
import type { Verdicts } from './ground.ts'

/** Written by one process in the order of `serial`. */
export interface Numbered {
  readonly writer: string
  readonly serial: number
}

export class View {
  readonly #verdicts: Verdicts
  readonly #who: string
  readonly #latest = new Map<string, number>()
  #last: string

  constructor(verdicts: Verdicts, who: string, before: string) {
    this.#verdicts = verdicts
    this.#who = who
    this.#last = before
  }

  saw(value: string): void {
    this.#last = value
    const numbered = numberedOf(value)
    if (numbered === null) return
    const { writer, serial } = numbered
    const before = this.#latest.get(writer) ?? 0
    if (serial < before) {
      this.#verdicts.violate('W3', `${this.#who} saw ${value} after ${writer}:${before}`)
    }
    this.#latest.set(writer, serial)
  }

  /** All is quiet: what was seen last must be what is stored. */
  settle(stored: string): void {
    if (this.#last === stored) return
    const text = `${this.#who} saw ${this.#last} last, but ${stored} is stored`
    this.#verdicts.violate('W3', text)
  }
}

export class Views {
  readonly #verdicts: Verdicts

  constructor(verdicts: Verdicts) {
    this.#verdicts = verdicts
  }

  /**
   * One watch, from its begin to its end.
   *
   * @param before what stands for a state of which a watch is silent
   */
  begin(who: string, before: string): View {
    return new View(this.#verdicts, who, before)
  }
}

export function textOf({ writer, serial }: Numbered): string {
  return `${writer}:${serial}`
}

function numberedOf(text: string): Numbered | null {
  const at = text.lastIndexOf(':')
  return at < 0 ? null : { writer: text.slice(0, at), serial: Number(text.slice(at + 1)) }
}
