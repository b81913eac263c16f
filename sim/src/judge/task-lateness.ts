/**
 * Whether due tasks come to who waits for them (J4): in runs in which nothing keeps a server from it, a free handler does not wait for long
 * while a task of its theme is due.
 */
import type { Fault, ThemePlan } from '../settings.ts'
import type { Ground, Verdicts } from './ground.ts'
import type { TaskArchive } from './task-archive.ts'
import type { TaskDrivers } from './task-drivers.ts'
import type { TaskHandlings } from './task-handlings.ts'

const SAMPLE_MS = 500
/** Programs ask for no longer delays; a begun second comes on top. */
const DELAY_SECONDS_MAX = 2
const BEGUN_SECONDS = 1
/** The wall clock is looked at once a second; what is said of who is free lags behind. */
const LATE_MS = 3_000
const SECOND_MS = 1_000
/** With these a server that has the node keeps somebody waiting. */
const DELAYING: readonly Fault[] = ['serverPause', 'slowStorage', 'diskFull']

export interface LatenessPorts {
  readonly archive: TaskArchive
  readonly drivers: TaskDrivers
  readonly handlings: TaskHandlings
}

export class TaskLateness {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #ports: LatenessPorts
  /** Since when somebody waits in vain, by theme. */
  readonly #sinceMs = new Map<number, number>()

  constructor(ground: Ground, verdicts: Verdicts, ports: LatenessPorts) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#ports = ports
  }

  begin(): void {
    const { settings } = this.#ground
    if (settings.themes.length === 0 || DELAYING.some((fault) => settings.faults.has(fault))) return
    this.#sampleLater()
  }

  /** A task of the theme was handed out, or all has begun anew. */
  moved(theme: number): void {
    this.#sinceMs.delete(theme)
  }

  #sampleLater(): void {
    this.#ground.schedule.after(SAMPLE_MS, () => {
      for (const plan of this.#ground.settings.themes) this.#sample(plan)
      this.#sampleLater()
    })
  }

  #sample(plan: ThemePlan): void {
    const { nowMs } = this.#ground.schedule
    const { theme } = plan
    if (!this.#isFree(plan) || !this.#isAnyDue(plan)) {
      this.#sinceMs.delete(theme)
      return
    }
    const sinceMs = this.#sinceMs.get(theme) ?? nowMs
    this.#sinceMs.set(theme, sinceMs)
    if (nowMs - sinceMs < LATE_MS) return
    const problem = `a task of theme ${theme} is due and a handler is free since ${nowMs - sinceMs} ms`
    this.#verdicts.violate('J4', problem)
  }

  /** Whether a task is due by the clock of the server that has stored it. */
  #isAnyDue({ theme, delaySeconds, jitterSeconds }: ThemePlan): boolean {
    const { archive } = this.#ports
    const longestSeconds = Math.max(delaySeconds, DELAY_SECONDS_MAX) + jitterSeconds + BEGUN_SECONDS
    const keptBeforeMs = this.#ground.schedule.nowMs - longestSeconds * SECOND_MS
    for (const task of archive.present) {
      const isOfTheme = task.theme === theme && task.state === 'stored'
      if (isOfTheme && task.kept.claims === archive.claims && task.kept.atMs < keptBeforeMs)
        return true
    }
    return false
  }

  #isFree({ theme, concurrency }: ThemePlan): boolean {
    const { archive, drivers, handlings } = this.#ports
    const out = drivers.countAll((driver) => driver.theme === theme && driver.handling !== null)
    if (out >= concurrency) return false
    return handlings.of(theme).some((handling) => {
      const here = drivers.countAll((driver) => driver.handling === handling.ask)
      const isThere = handling.claims === archive.claims && !drivers.isLeaving(handling.stream)
      return isThere && here < handling.concurrency
    })
  }
}
