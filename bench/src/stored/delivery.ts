/**
 * Hands out all due tasks of a theme, each of which is deleted, and looks whether they come in the order in which they are due.
 */
import type { Pipe } from '@tenure/client'
import { setTimeout as delay } from 'node:timers/promises'
import { memoryOf, watchMemory } from '../machine/memory.ts'
import type { Delivered } from '../measurement.ts'

/** What this takes of a pipe. */
export type Deliverer = Pick<Pipe, 'list' | 'configure' | 'handle'>

const CONCURRENCY = 256
const SECOND_MS = 1_000

/** @throws when a task comes before another one that is due earlier, or was stored earlier for the same second */
export async function deliver(pipe: Deliverer, theme: number, pid: number): Promise<Delivered> {
  const expected = await dueOrder(pipe, theme)
  await pipe.configure(theme, { concurrency: CONCURRENCY })
  const { anonymousBytes: beforeBytes } = memoryOf(pid)
  const startMs = performance.now()
  const { most } = await watchMemory(pid, () => handleAll(pipe, theme, expected))
  const elapsedMs = performance.now() - startMs
  const { anonymousBytes: afterBytes } = memoryOf(pid)
  const mostBytes = most.anonymousBytes
  return { tasks: expected.length, elapsedMs, beforeBytes, mostBytes, afterBytes }
}

/** @returns the indices of the tasks; resolves when all are due */
async function dueOrder(pipe: Deliverer, theme: number): Promise<Float64Array> {
  const tasks: { index: number; changed: number; dueSecond: number }[] = []
  for await (const { id, changed, dueSecond } of pipe.list({ theme, state: 'stored' })) {
    tasks.push({ index: Number(id.index), changed: Number(changed), dueSecond: dueSecond ?? 0 })
  }
  tasks.sort((a, b) => a.dueSecond - b.dueSecond || a.changed - b.changed)
  const lastDueMs = (tasks.at(-1)?.dueSecond ?? 0) * SECOND_MS
  await delay(Math.max(0, lastDueMs - Date.now()))
  return Float64Array.from(tasks, ({ index }) => index)
}

function handleAll(pipe: Deliverer, theme: number, expected: Float64Array): Promise<void> {
  return new Promise((resolve, reject) => {
    let come = 0
    let gone = 0
    const handler = async ({ task }: { task: Handed }): Promise<void> => {
      const index = Number(task.id.index)
      const next = expected[come++]
      if (index !== next) reject(new Error(`task ${index} has come, ${next} was due before it`))
      await task.delete()
      gone++
      if (gone === expected.length) resolve()
    }
    pipe.handle(theme, handler, { concurrency: CONCURRENCY }).catch(reject)
  })
}

interface Handed {
  readonly id: { readonly index: bigint }
  delete(): Promise<void>
}
