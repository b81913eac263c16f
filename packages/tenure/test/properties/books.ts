/** What the server's books say, against what they should. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { NotFoundError, type Session } from '@tenure/client'
import { EPHEMERAL, type Model } from './model.ts'
import type { Task } from './task.ts'
import type { Program } from './program.ts'

const AT_FIRST = [
  ['p', 3n],
  ['q', 1n],
] as const

export const NAMES: readonly string[] = [...AT_FIRST.map(([name]) => name), EPHEMERAL]

/** The semaphores that are there from the beginning. */
export async function furnish(model: Model, session: Session): Promise<void> {
  for (const [name, limit] of AT_FIRST) model.create(name, limit, '')
  await Promise.all(AT_FIRST.map(([name, limit]) => session.semaphore(name).create({ limit })))
}

interface Present {
  readonly programs: readonly Program[]
  readonly observer: Session
}

export class Books {
  readonly #granted = new Set<bigint>()
  readonly #lastTokens = new Map<string, bigint>()

  /** @throws AssertionError when a program or the observer knows something else than the model */
  async verify(model: Model, present: Present): Promise<void> {
    for (const [index, program] of present.programs.entries()) {
      const session = model.sessions[index]
      ok(session !== undefined)
      deepStrictEqual(program.session.signal.aborted, session.isOver)
      program.verify(model, session)
    }
    for (const name of NAMES) await this.#verifyName(model, present, name)
    for (const name of NAMES) this.#verifyTokens(model, present, name)
  }

  /** X2: whoever owns since the last look has a greater token than all before. */
  #verifyTokens(model: Model, { programs }: Present, name: string): void {
    for (const { task, owns } of model.places(name)) {
      const token = programs[task.session.index]?.find(task).lease?.token
      if (!owns || token === undefined || this.#granted.has(token)) continue
      const last = this.#lastTokens.get(name) ?? 0n
      ok(token > last, `token ${token} of ${name} comes after ${last}`)
      this.#granted.add(token)
      this.#lastTokens.set(name, token)
    }
  }

  async #verifyName(model: Model, present: Present, name: string): Promise<void> {
    const seen = await described(present.observer, name)
    const semaphore = model.semaphores.get(name)
    if (semaphore === undefined) return deepStrictEqual(seen, null)
    const holders = semaphore.places.map(({ task, owns }, index) => ({
      session: present.programs[task.session.index]?.session.id,
      token: tokenOf(task, present) ?? seen?.holders[index]?.token,
      count: task.count,
      data: task.data,
      owns,
    }))
    deepStrictEqual(seen, { limit: semaphore.limit, data: semaphore.data, holders })
  }
}

/** The token of a lease that is held; what is not held yet, or not any more, tells none. */
function tokenOf(task: Task, { programs }: Present): bigint | undefined {
  if (task.state !== 'held') return undefined
  return programs[task.session.index]?.find(task).lease?.token
}

interface Seen {
  readonly limit: bigint
  readonly data: string
  readonly holders: readonly { readonly token: bigint }[]
}

async function described(observer: Session, name: string): Promise<Seen | null> {
  try {
    const seen = await observer.semaphore(name).describe({ owners: true, waiters: true })
    const holders = [...seen.owners, ...seen.waiters].map((holder, index) => ({
      session: holder.sessionId,
      token: holder.orderId,
      count: holder.count,
      data: Buffer.from(holder.data).toString(),
      owns: index < seen.owners.length,
    }))
    return { limit: seen.limit, data: Buffer.from(seen.data).toString(), holders }
  } catch (error) {
    if (error instanceof NotFoundError) return null
    throw error
  }
}
