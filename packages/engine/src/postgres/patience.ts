/** Trying again what may succeed later: through restarts and failovers of the database, but not for ever. */
import { delay } from '../clock.ts'
import { EngineError } from '../errors.ts'
import { engineErrorOf, reasonOf, verdictOf } from './failure.ts'

const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 1_000

export interface PatienceOptions {
  /** Begins each message: what cannot be reached. */
  readonly title: string
  /** From the first failure on. */
  readonly patienceMs: number
  /** Nothing is tried any more. */
  readonly ended: AbortSignal
}

export class Patience {
  readonly #options: PatienceOptions
  #pauseMs = FIRST_PAUSE_MS
  #untilMs: number | null = null

  constructor(options: PatienceOptions) {
    this.#options = options
  }

  /** Resolves when it is time to try again. @throws EngineError when trying again does not help, or has not helped for long */
  async after(error: unknown): Promise<void> {
    const { title, patienceMs, ended } = this.#options
    const verdict = verdictOf(error)
    const isPassing = verdict === 'again' || verdict === 'away' || verdict === 'unknown'
    if (!isPassing) throw engineErrorOf(title, error)
    const nowMs = performance.now()
    this.#untilMs ??= nowMs + patienceMs
    if (ended.aborted) throw new EngineError(`${title}: closed during an outage`, { cause: error })
    if (nowMs >= this.#untilMs) {
      const message = `${title}: not to be had for ${patienceMs / 1_000} s, at last: ${reasonOf(error)}`
      throw new EngineError(message, { cause: error })
    }
    // Those that failed together do not come back together.
    const pauseMs = this.#pauseMs * (0.5 + Math.random() / 2)
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
    await delay(pauseMs, ended, { hold: false })
  }
}

/** Does what may be done twice. @throws EngineError when it cannot be done */
export async function patiently<Result>(
  options: PatienceOptions,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const patience = new Patience(options)
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      await patience.after(error)
    }
  }
}
