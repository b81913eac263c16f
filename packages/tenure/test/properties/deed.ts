/** Moves, and those of them that are a program's deeds. */
import { ok } from 'node:assert/strict'
import { stringify } from 'fast-check'
import type { AsyncCommand } from 'fast-check'
import type { Model } from './model.ts'
import type { ModelSession } from './task.ts'
import type { Program } from './program.ts'
import type { Fault, Stage } from './stage.ts'

export const PROGRAMS_MAX = 4

export abstract class Move<S extends Stage = Stage> implements AsyncCommand<Model, S> {
  readonly terms: object

  constructor(terms: object) {
    this.terms = terms
  }

  abstract check(model: Readonly<Model>): boolean
  abstract act(model: Model, stage: S): Promise<void>

  async run(model: Model, stage: S): Promise<void> {
    await this.act(model, stage)
    await stage.verify(model)
  }

  toString(): string {
    return `${this.constructor.name} ${stringify(this.terms)}`
  }
}

export interface Doer {
  readonly session: ModelSession
  readonly program: Program
}

/** Something that a program does, under a fault. */
export abstract class Deed extends Move {
  readonly who: number
  readonly fault: Fault

  constructor(terms: { readonly who: number; readonly fault: Fault }) {
    super(terms)
    this.who = terms.who
    this.fault = terms.fault
  }

  check(model: Readonly<Model>): boolean {
    return this.alive(model) !== undefined && (this.fault === 'none' || isCalm(model))
  }

  async act(model: Model, stage: Stage): Promise<void> {
    const session = this.alive(model)
    const program = stage.programs[session?.index ?? -1]
    ok(session !== undefined && program !== undefined)
    await stage.spoil(this.fault, session.index)
    model.advance(stage.nowMs)
    const done = outcomeOf(this.deed(model, { session, program }))
    await stage.mend(this.fault, session.index)
    model.advance(stage.nowMs)
    const { error } = await done
    if (error !== null) throw error
  }

  abstract deed(model: Model, who: Doer): Promise<void>

  alive(model: Readonly<Model>): ModelSession | undefined {
    return aliveOf(model, this.who)
  }
}

/** One of the sessions that are not over. */
export function aliveOf(model: Readonly<Model>, who: number): ModelSession | undefined {
  const alive = model.sessions.filter(({ isOver }) => !isOver)
  return alive[who % Math.max(1, alive.length)]
}

/** Nobody gives up while a fault is mended, so that it does not matter when exactly it is. */
export function isCalm(model: Readonly<Model>): boolean {
  return model.tasks.every(({ state, deadlineMs }) => {
    const isPending = state === 'in line' || state === 'waiting'
    return !isPending || deadlineMs === Infinity
  })
}

/** Waits for an end of any kind. */
export function outcomeOf(work: Promise<void>): Promise<{ error: unknown }> {
  return work.then(
    () => ({ error: null }),
    (error: unknown) => ({ error }),
  )
}
