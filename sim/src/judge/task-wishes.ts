/** What anybody has asked to become of tasks: without that, none ends (J2), and none is taken from who is there (J3). */
import type { NodeQuestion, TaskOperation } from '@tenure/protocol'
import type { DueTimes } from './due-times.ts'
import { type AttemptName, keyOf } from './task-drivers.ts'
import type { DueWish } from './task-dues.ts'

export class TaskWishes {
  readonly #times: DueTimes
  readonly #deleted = new Set<string>()
  readonly #stored = new Map<string, DueWish[]>()
  readonly #dropped = new Set<bigint>()
  readonly #requeued = new Map<bigint, DueWish[]>()

  constructor(times: DueTimes) {
    this.#times = times
  }

  asked(operation: TaskOperation): void {
    if (operation.kind !== 'delete-task' && operation.kind !== 'store-task') return
    const key = keyOf({ index: operation.task.index, attempt: operation.attempt })
    if (operation.kind === 'delete-task') this.#deleted.add(key)
    else {
      const { delaySeconds } = operation
      this.#add(this.#stored, key, delaySeconds === 0 ? null : delaySeconds)
    }
  }

  questioned(question: NodeQuestion): void {
    if (question.kind === 'drop-task') this.#dropped.add(question.task.index)
    else if (question.kind === 'requeue-task') {
      this.#add(this.#requeued, question.task.index, question.delaySeconds)
    }
  }

  hasDelete(name: AttemptName): boolean {
    return this.#deleted.has(keyOf(name))
  }

  hasDrop(index: bigint): boolean {
    return this.#dropped.has(index)
  }

  storesOf(name: AttemptName): readonly DueWish[] {
    return this.#stored.get(keyOf(name)) ?? []
  }

  requeuesOf(index: bigint): readonly DueWish[] {
    return this.#requeued.get(index) ?? []
  }

  #add<K>(wishes: Map<K, DueWish[]>, key: K, delaySeconds: number | null): void {
    const wish = { delaySeconds, askedMs: this.#times.earliestMs() }
    const present = wishes.get(key)
    if (present === undefined) wishes.set(key, [wish])
    else present.push(wish)
  }
}
