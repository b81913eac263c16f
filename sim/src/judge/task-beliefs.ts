/**
 * How long programs believe that a task is theirs (J3, X7).
 *
 * A server that gives a silent client up stores its tasks: by then the client knows. When a connection breaks otherwise, or a server dies,
 * each side learns it by itself; a belief then ends with the silence at the latest.
 */
import type { Process } from '../machine/process.ts'
import type { Ground, Verdicts } from './ground.ts'
import { type AttemptName, keyOf } from './task-drivers.ts'

interface Believer {
  readonly process: Process
  readonly signal: AbortSignal
  /** It knows by then that the task is not its own any more. */
  readonly patienceMs: number
}

/** After a pause timers fire a little later. */
const AWAKE_MS = 20
/** The session timeout of the client library for the log: no silence is longer. */
const SILENCE_MS = 10_000
/** A server that has lost its node finds out when it looks whether it still owns it, twice a second. */
const SERVER_MS = 2_500

export class TaskBeliefs {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #believers = new Map<string, Believer>()
  readonly #awakeMs = new Map<Process, number>()
  /** Given up by their servers. */
  readonly #givenUp = new Set<string>()

  constructor(ground: Ground, verdicts: Verdicts) {
    this.#ground = ground
    this.#verdicts = verdicts
  }

  /** Somebody drives it, as long as the signal says so: a program, or a server that takes it to a handler. */
  held(
    process: Process,
    name: AttemptName,
    { signal, byServer }: { readonly signal: AbortSignal; readonly byServer: boolean },
  ): void {
    const key = keyOf(name)
    const forget = (): void => void this.#believers.delete(key)
    if (signal.aborted) return
    this.#believers.set(key, { process, signal, patienceMs: byServer ? SERVER_MS : SILENCE_MS })
    signal.addEventListener('abort', forget, { once: true })
    process.onCrash(forget)
    if (this.#awakeMs.has(process)) return
    this.#awakeMs.set(process, -Infinity)
    process.onResume(() => this.#wokeUp(process))
  }

  /** A server gives up the connection of whoever drives these. */
  silent(keys: readonly string[]): void {
    for (const key of keys) {
      this.#givenUp.add(key)
      this.#judgeGivenUp(key)
    }
  }

  /** Nobody drives it any more, as is stored. */
  over(name: AttemptName): void {
    const key = keyOf(name)
    const patienceMs = this.#believers.get(key)?.patienceMs
    if (patienceMs === undefined) return
    this.#ground.schedule.after(patienceMs, () => {
      this.#judge(key, patienceMs, `${patienceMs} ms after it was stored`)
    })
  }

  /** What was given up while it slept is found out at once. */
  #wokeUp(process: Process): void {
    const { schedule } = this.#ground
    this.#awakeMs.set(process, schedule.nowMs)
    schedule.after(AWAKE_MS, () => {
      for (const key of this.#givenUp) {
        if (this.#believers.get(key)?.process === process) this.#judgeGivenUp(key)
      }
    })
  }

  #judgeGivenUp(key: string): void {
    this.#judge(key, AWAKE_MS, 'and its server has given it up')
  }

  /** @param awakeMs for so long the process must have run, to have had the time to find out */
  #judge(key: string, awakeMs: number, why: string): void {
    const believer = this.#believers.get(key)
    if (believer === undefined) return
    const { process, signal } = believer
    const wokeMs = this.#ground.schedule.nowMs - (this.#awakeMs.get(process) ?? -Infinity)
    if (signal.aborted || process.paused || wokeMs < awakeMs) return
    this.#verdicts.violate('J3', `${process.name} believes in task ${key}, ${why}`)
  }
}
