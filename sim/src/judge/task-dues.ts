/**
 * When stored tasks are due (J4): the delay is kept, and no more than the theme's jitter and a begun second are added.
 *
 * Which time of day the server believed in is known within bounds.
 */
import type { Process } from '../machine/process.ts'
import type { ArchivedTask } from './archived-task.ts'
import type { DueTimes } from './due-times.ts'
import type { Ground, Verdicts } from './ground.ts'

/** That a task comes back after a delay. */
export interface DueWish {
  /** null: the theme's. */
  readonly delaySeconds: number | null
  /** What the server took the time of day for when it was asked for, at the least; -Infinity when that is not known. */
  readonly askedMs: number
}

const SECOND_MS = 1_000

export class TaskDues {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #times: DueTimes

  constructor(ground: Ground, verdicts: Verdicts, times: DueTimes) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#times = times
  }

  /**
   * A process has stored the task anew.
   *
   * @param wishes of which one was fulfilled
   */
  judge(
    process: Process,
    task: ArchivedTask,
    { wishes, withJitter }: { readonly wishes: readonly DueWish[]; readonly withJitter: boolean },
  ): void {
    const row = task.keptRow
    const plan = this.#ground.settings.themes.find(({ theme }) => theme === task.theme)
    if (row?.state !== 'stored' || plan === undefined) return
    const jitterSeconds = withJitter ? plan.jitterSeconds : 0
    const latestMs = this.#times.latestMs(process)
    const isRight = wishes.some(({ delaySeconds, askedMs }) => {
      const delay = delaySeconds ?? plan.delaySeconds
      const leastSecond = Math.floor(askedMs / SECOND_MS) + delay
      const mostSecond = Math.ceil(latestMs / SECOND_MS) + delay + jitterSeconds
      return row.dueSecond >= leastSecond && row.dueSecond <= mostSecond
    })
    if (isRight) return
    const asked = wishes.map((wish) => `${wish.delaySeconds ?? 'the theme'} at ${wish.askedMs}`)
    const problem = `${String(task)} is due at ${row.dueSecond}, asked for was ${asked.join(', ')}, and it is ${latestMs} at most`
    this.#verdicts.violate('J4', problem)
  }
}
