/**
 * Tasks that nobody drives any more: stored at once, as many as one step may, the rest in the next ones.
 *
 * Those that a restart has left behind have to be counted before.
 */
import type { Root } from '../root.ts'
import type { Session } from '../session.ts'
import type { ActiveTasks } from './active-tasks.ts'
import { ActiveTask } from './task.ts'
import { CountReading } from './task-records.ts'

const GONE = 'whoever drove it has gone'

export class Orphans {
  readonly #root: Root
  readonly #active: ActiveTasks
  /** Not stored yet, and not being counted. */
  readonly #waiting = new Set<ActiveTask>()

  constructor(root: Root, machines: { active: ActiveTasks }) {
    this.#root = root
    this.#active = machines.active
  }

  /** Whether something can be done for them at once. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** The session is leaving its stream: it drives nothing any more. */
  leave(session: Session): void {
    if (session.tasks === null) return
    for (const task of session.tasks) this.add(task)
    session.tasks = null
    this.settle()
  }

  add(task: ActiveTask): void {
    this.#active.abandon(task)
    this.#waiting.add(task)
  }

  /** Stores or counts as many as one step may. */
  settle(): void {
    let budget = this.#root.limits.tasksPerStepMax
    for (const task of this.#waiting) {
      if (budget === 0) return
      budget -= 1
      this.#waiting.delete(task)
      if (task.isCounted) this.#store(task)
      else this.#root.turn.read(new CountReading(task, this.#root.limits))
    }
  }

  counted(task: ActiveTask, isWhole: boolean): void {
    // The node may have been dropped meanwhile.
    if (this.#active.find(task.index) !== task) return
    task.isCounted = isWhole
    this.#waiting.add(task)
  }

  clear(): void {
    this.#waiting.clear()
  }

  #store(task: ActiveTask): void {
    if (task.attempt > 0) task.failure = GONE
    this.#active.store(task, 0)
  }
}
