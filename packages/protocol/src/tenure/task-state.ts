/** States of a task, as the numbers of the proto file. */
import type { TaskStateName } from './task-operation.ts'

const NUMBER: Readonly<Record<TaskStateName, number>> = { active: 1, stored: 2, dead: 3 }
const NAMES: readonly (TaskStateName | null)[] = [null, 'active', 'stored', 'dead']

export function taskStateNumber(state: TaskStateName): number {
  return NUMBER[state]
}

/** Null for one that is not known. */
export function taskStateOf(number: number): TaskStateName | null {
  return NAMES[number] ?? null
}
