/** The records in what is told: those that the task had when it was decided to tell of them, however much later they were read. */
import { deepStrictEqual } from 'node:assert/strict'
import type { Event, TaskHandedOut, TaskRecords, TaskShown } from '@tenure/kernel'
import type { Task } from './model.ts'

/** So many records are in one page. */
export const PAGE_RECORDS = 2

type Paged = TaskHandedOut | TaskRecords | TaskShown

export interface Page {
  readonly records: readonly string[]
  readonly more: boolean
}

export function pageOf({ records }: Task, from: number): Page {
  const page = records.slice(from, from + PAGE_RECORDS)
  return { records: page, more: records.length > from + PAGE_RECORDS }
}

export class ToldPages {
  readonly #expected = new Map<Event, Page>()

  expect(event: Paged, page: Page): void {
    this.#expected.set(event, page)
  }

  /** @throws AssertionError when the event has other records than it should */
  told(event: Event): void {
    const page = this.#expected.get(event)
    if (page === undefined || !isPaged(event)) return
    this.#expected.delete(event)
    const records = event.records.map((one) => Buffer.from(one).toString('latin1'))
    deepStrictEqual({ records, more: event.more }, page)
  }

  clear(): void {
    this.#expected.clear()
  }
}

function isPaged(event: Event): event is Paged {
  return ['task-handed-out', 'task-records', 'task-shown'].includes(event.kind)
}
