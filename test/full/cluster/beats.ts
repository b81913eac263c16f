/** A session in each of many nodes, which asks for something to be written several times a second; and when it was answered. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Client, Session } from 'tenure'

/** When the answers came, in milliseconds of this process's clock. */
type Answers = number[]

const EVERY_MS = 50

export class Beats implements AsyncDisposable {
  readonly #answers: readonly Answers[]
  readonly #loops: Promise<unknown>
  readonly #sessions: readonly Session[]
  #isOver = false

  private constructor(sessions: readonly Session[]) {
    this.#sessions = sessions
    this.#answers = sessions.map(() => [performance.now()])
    this.#loops = Promise.all(sessions.map((session, at) => this.#beat(session, at)))
  }

  static async of(client: Client, paths: readonly string[]): Promise<Beats> {
    const sessions = await Promise.all(
      paths.map(async (path) => {
        const session = await client.openSession(path, { timeout: 30_000, createNode: true })
        await session.semaphore('beat').create({ limit: 1n })
        return session
      }),
    )
    return new Beats(sessions)
  }

  /** Sessions that were lost. */
  get lost(): number {
    return this.#sessions.filter(({ signal }) => signal.aborted).length
  }

  /** Resolves when each session was answered after this moment. */
  async answered(sinceMs: number = performance.now()): Promise<void> {
    await Promise.all(
      this.#sessions.map(async (session, at) => {
        const lastMs = this.#answers[at]?.at(-1) ?? 0
        if (lastMs <= sinceMs) await session.semaphore('beat').describe()
      }),
    )
  }

  /** How often each session was answered. */
  get counts(): readonly number[] {
    return this.#answers.map(({ length }) => length)
  }

  /** By node, the longest time between two answers from this moment on. */
  pausesMs(sinceMs: number): number[] {
    return this.#answers.map((answers) => {
      const first = answers.findLastIndex((answerMs) => answerMs <= sinceMs)
      const since = answers.slice(Math.max(first, 0))
      return Math.max(...since.map((answerMs, at) => answerMs - (since[at - 1] ?? answerMs)))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#loops
  }

  async #beat(session: Session, at: number): Promise<void> {
    const semaphore = session.semaphore('beat')
    while (!this.#isOver && !session.signal.aborted) {
      await semaphore.update('beat')
      this.#answers[at]?.push(performance.now())
      // Sessions that asked without end would measure the engine's queue.
      await pause(EVERY_MS)
    }
  }
}

/** `p50 12, p90 40, max 77 ms of 30` */
export function spread(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other)
  const at = (part: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN)
  return `p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, max ${at(1)} ms of ${sorted.length}`
}
