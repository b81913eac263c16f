/** All that the processes of a siege tell of their tasks; a task that has long been finished is judged and forgotten. */
import { TaskStory, type Told } from './task-story.ts'
import type { Teller } from './teller.ts'
import { HandOutOrder } from './hand-out-order.ts'

/** By then every process has been heard that could still say anything of a finished task. */
const SETTLED_NS = 20_000_000_000n

export class TaskLedger {
  readonly breaches: string[] = []
  readonly #stories = new Map<string, TaskStory>()
  /** Finished and judged: none of them is seen again. */
  readonly #past = new Set<string>()
  /** By the first record: what was opened and has no id yet. */
  readonly #opening = new Map<string, { readonly atNs: bigint; readonly theme: number }>()
  readonly #deaths = new Map<number, bigint>()
  readonly #order = new HandOutOrder()
  handOuts = 0
  finished = 0
  opened = 0

  readonly hear = (line: string | null, teller: Teller): void => {
    if (line === null) this.#deaths.set(teller.number, process.hrtime.bigint())
    else this.#hear(line, teller.number)
  }

  /** Tasks that somebody knows of and nobody has finished. */
  get unfinished(): string[] {
    return [...this.#stories.values()]
      .filter((story) => !story.isFinished && !story.mayBeFinished)
      .map(({ id }) => id)
  }

  /** Judges what is settled; at the end everything. */
  settle(all = false): void {
    const nowNs = process.hrtime.bigint()
    for (const [id, story] of this.#stories) {
      if (!all && (!story.isFinished || nowNs - story.latestNs < SETTLED_NS)) continue
      this.breaches.push(...story.breaches(this.#deaths))
      this.#stories.delete(id)
      this.#past.add(id)
    }
    this.breaches.push(...this.#order.takeBreaches())
  }

  #hear(line: string, teller: number): void {
    const [event = '', at = '', ...words] = line.split(' ')
    const atNs = BigInt(at)
    if (event === 'r') return
    if (event === 'o') {
      const [record = '', theme = ''] = words
      this.#opening.set(record, { atNs, theme: Number(theme) })
      return
    }
    if (event === 'O') return this.#opened(words, atNs, teller)
    const [id = '', attempt = '', ...more] = words
    const told = { event, atNs, attempt: Number(attempt), words: more.at(-1) ?? '', teller }
    this.#follow(id, told, more.map(Number))
    this.#storyOf(id)?.tell(told)
  }

  /** @param numbers of a hand-out the theme, of a store the delay */
  #follow(id: string, { event, attempt, atNs, teller }: Told, numbers: readonly number[]): void {
    const [number = 0] = numbers
    if (event === 'h') {
      this.handOuts += 1
      this.#order.handedOut({ id, attempt, teller, theme: number, atNs })
    } else if (event === 's') this.#order.storing(id, atNs)
    else if (event === 'S') this.#order.stored({ id, attempt, delaySeconds: number }, atNs)
    else if (event === 'D') this.finished += 1
  }

  #opened([record = '', id = '']: readonly string[], atNs: bigint, teller: number): void {
    const opening = this.#opening.get(record)
    this.#opening.delete(record)
    this.opened += 1
    const story = this.#storyOf(id)
    const began = { event: 'o', atNs: opening?.atNs ?? atNs, attempt: 0, words: record, teller }
    story?.tell(began)
    story?.tell({ ...began, event: 'O', atNs })
  }

  #storyOf(id: string): TaskStory | undefined {
    if (this.#past.has(id)) {
      this.breaches.push(`${id}: it was finished long ago`)
      return undefined
    }
    const present = this.#stories.get(id)
    if (present !== undefined) return present
    const story = new TaskStory(id)
    this.#stories.set(id, story)
    return story
  }
}
