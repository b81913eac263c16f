/** A task in the hands of a program: what it does with it, and what it is told, is told to the judge. */
import {
  type HandOut,
  OverloadedError,
  StaleAttemptError,
  type Task,
  TaskClosedError,
  TaskTooLargeError,
} from '@tenure/client'
import type { AttemptName } from '../judge/task-drivers.ts'
import type { TaskRecording } from '../judge/task-histories.ts'
import type { Desk } from './program.ts'
import { newValue, textOf } from './record-values.ts'

/** With these a record was not written. */
const DEFINITE = [OverloadedError, StaleAttemptError, TaskClosedError, TaskTooLargeError]

export class Driving {
  readonly task: Task
  readonly name: AttemptName
  readonly #desk: Desk

  private constructor(desk: Desk, task: Task, name: AttemptName) {
    this.#desk = desk
    this.task = task
    this.name = name
  }

  /** Opens a task, at times with a first record. */
  static async open(desk: Desk, theme: number, signal: AbortSignal): Promise<Driving> {
    const { texts, histories } = desk.world.judge.tasks
    const pipe = desk.pipe()
    const text = desk.random.chance(0.7) ? newValue(desk) : null
    const calledAt = desk.world.nextTick()
    try {
      const task = await pipe.open(theme, text ?? undefined, signal)
      histories.opened(desk, task.id.index, { record: text, calledAt })
      const driving = Driving.#of(desk, task)
      desk.note(`opens ${task.id.toString()}`)
      if (text !== null) texts.acknowledged(text, driving.name)
      return driving
    } catch (error) {
      if (text !== null && isDefinite(error)) texts.refused(text)
      throw error
    }
  }

  /** What a handler was given, or somebody has taken. */
  static handed(desk: Desk, handOut: HandOut): Driving {
    const { task, attempt } = handOut
    const { index } = task.id
    const records = handOut.records.map(textOf)
    const { signal } = task
    desk.world.judge.tasks.handed(desk, { index, attempt, records, signal, byServer: false })
    return new Driving(desk, task, { index, attempt })
  }

  static #of(desk: Desk, task: Task): Driving {
    const name = { index: task.id.index, attempt: task.attempt }
    desk.world.judge.tasks.driven(desk, name, task.signal)
    return new Driving(desk, task, name)
  }

  append(signal?: AbortSignal): Promise<void> {
    return this.#write('append', (text) => this.task.append(text, signal))
  }

  replace(signal?: AbortSignal): Promise<void> {
    return this.#write('replace', (text) => this.task.replace(text, signal))
  }

  /** Several at once, without waiting for one another: they are written in this order. */
  async burst(count: number): Promise<void> {
    const writes = Array.from({ length: count }, () => this.append())
    const results = await Promise.allSettled(writes)
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  async delete(signal?: AbortSignal): Promise<void> {
    const recording = this.ending('delete')
    await this.task.delete(signal)
    recording.returned()
    this.#tasks.archive.acknowledged(this.name, 'deleted')
  }

  async store(delaySeconds: number, signal?: AbortSignal): Promise<void> {
    const recording = this.ending('store')
    await this.task.store(delaySeconds, signal)
    recording.returned()
    this.#tasks.archive.acknowledged(this.name, 'stored')
  }

  /** The client library ends it, from here on. */
  ending(kind: 'delete' | 'store'): TaskRecording {
    const { index, attempt } = this.name
    return this.#tasks.histories.calling(this.#desk, index, { kind, attempt })
  }

  async #write(kind: 'append' | 'replace', write: (text: string) => Promise<void>): Promise<void> {
    const { texts, histories } = this.#tasks
    const { index, attempt } = this.name
    const text = newValue(this.#desk)
    const recording = histories.calling(this.#desk, index, { kind, attempt, record: text })
    try {
      await write(text)
    } catch (error) {
      if (isDefinite(error)) texts.refused(text)
      throw error
    }
    recording.returned()
    texts.acknowledged(text, this.name)
  }

  get #tasks(): Desk['world']['judge']['tasks'] {
    return this.#desk.world.judge.tasks
  }
}

function isDefinite(error: unknown): boolean {
  return DEFINITE.some((definite) => error instanceof definite)
}
