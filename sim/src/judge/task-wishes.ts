/** What anybody has asked to become of tasks: without that, none ends (J2), and none is taken from who is there (J3). */
import type { NodeQuestion, TaskOperation } from '@tenure/protocol'
import { type AttemptName, keyOf } from './task-drivers.ts'

export class TaskWishes {
  readonly #deleted = new Set<string>()
  readonly #stored = new Set<string>()
  readonly #dropped = new Set<bigint>()
  readonly #requeued = new Set<bigint>()

  asked(operation: TaskOperation): void {
    if (operation.kind !== 'delete-task' && operation.kind !== 'store-task') return
    const key = keyOf({ index: operation.task.index, attempt: operation.attempt })
    if (operation.kind === 'delete-task') this.#deleted.add(key)
    else this.#stored.add(key)
  }

  questioned(question: NodeQuestion): void {
    if (question.kind === 'drop-task') this.#dropped.add(question.task.index)
    else if (question.kind === 'requeue-task') this.#requeued.add(question.task.index)
  }

  hasDelete(name: AttemptName): boolean {
    return this.#deleted.has(keyOf(name))
  }

  hasStore(name: AttemptName): boolean {
    return this.#stored.has(keyOf(name))
  }

  hasDrop(index: bigint): boolean {
    return this.#dropped.has(index)
  }

  hasRequeue(index: bigint): boolean {
    return this.#requeued.has(index)
  }
}
