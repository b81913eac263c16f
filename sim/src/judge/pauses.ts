/** When each process did not run: time that it could not count. */
import type { Process } from '../machine/process.ts'
import type { Ground } from './ground.ts'

interface Pause {
  readonly fromMs: number
  toMs: number
}

export class Pauses {
  readonly #ground: Ground
  readonly #pauses = new Map<Process, Pause[]>()

  constructor(ground: Ground) {
    this.#ground = ground
  }

  watch(process: Process): void {
    const pauses: Pause[] = []
    this.#pauses.set(process, pauses)
    process.onPause(() => pauses.push({ fromMs: this.#nowMs, toMs: Infinity }))
    process.onResume(() => {
      const latest = pauses.at(-1)
      if (latest !== undefined) latest.toMs = this.#nowMs
    })
  }

  /** How long the process was paused since `fromMs`, without the first `shortMs` of each pause. */
  sinceMs(process: Process, fromMs: number, shortMs: number): number {
    const pauses = this.#pauses.get(process) ?? []
    return pauses.reduce((sum, pause) => {
      const lastedMs = Math.min(pause.toMs, this.#nowMs) - Math.max(pause.fromMs, fromMs)
      return sum + Math.max(0, lastedMs - shortMs)
    }, 0)
  }

  get #nowMs(): number {
    return this.#ground.schedule.nowMs
  }
}
