/** Deeds: making, changing, deleting and watching semaphores; coming and going. */
import { ok } from 'node:assert/strict'
import { AlreadyExistsError, NotFoundError, PreconditionFailedError } from '@tenure/client'
import { Deed, Move, outcomeOf, PROGRAMS_MAX, type Doer } from './deed.ts'
import type { Model } from './model.ts'
import { Watching } from './program.ts'
import type { Fault, Stage } from './stage.ts'

export class Join extends Move {
  check(model: Readonly<Model>): boolean {
    return model.sessions.filter(({ isOver }) => !isOver).length < PROGRAMS_MAX
  }

  async act(model: Model, stage: Stage): Promise<void> {
    model.open()
    await stage.join()
  }
}

interface SemaphoreTerms {
  readonly who: number
  readonly fault: Fault
  readonly name: string
  readonly data: string
  readonly limit: bigint
  readonly does: 'create' | 'update' | 'delete' | 'delete by force'
}

export class OnSemaphore extends Deed {
  readonly #terms: SemaphoreTerms

  constructor(terms: SemaphoreTerms) {
    super(terms)
    this.#terms = terms
  }

  async deed(model: Model, { program }: Doer): Promise<void> {
    const { name, does, data, limit } = this.#terms
    const semaphore = program.session.semaphore(name)
    const bytes = Buffer.from(data)
    if (does === 'create') {
      const found = model.semaphores.get(name)
      const isAsWanted = found?.limit === limit && found.data === data
      const end = model.create(name, limit, data) ? 'done' : 'there'
      await this.#expect(semaphore.create({ limit, data: bytes }), end, isAsWanted)
    } else if (does === 'update') {
      const end = model.update(name, data) ? 'done' : 'gone'
      await this.#expect(semaphore.update(bytes), end, false)
    } else {
      const force = does === 'delete by force'
      const end = model.delete(name, force)
      await this.#expect(semaphore.delete({ force }), end, end === 'gone')
    }
  }

  /** @param isAsWanted what was asked for was so before: then nobody can tell who did it, once an answer was lost */
  async #expect(
    work: Promise<void>,
    end: keyof typeof FAILURES,
    isAsWanted: boolean,
  ): Promise<void> {
    const { error } = await outcomeOf(work)
    const failure = FAILURES[end]
    const isExpected = failure === null ? error === null : error instanceof failure
    ok(
      isExpected || (error === null && isAsWanted && this.fault !== 'none'),
      `${end}: ${String(error)}`,
    )
  }
}

const FAILURES = {
  done: null,
  there: AlreadyExistsError,
  gone: NotFoundError,
  'in use': PreconditionFailedError,
} as const

export class Watch extends Deed {
  readonly #name: string

  constructor(terms: { who: number; fault: Fault; name: string }) {
    super(terms)
    this.#name = terms.name
  }

  deed(_model: Model, { program }: Doer): Promise<void> {
    program.watches.push(new Watching(program.session, this.#name))
    return Promise.resolve()
  }
}

export class Unwatch extends Deed {
  deed(_model: Model, { program }: Doer): Promise<void> {
    return program.watches.pop()?.end() ?? Promise.resolve()
  }
}

export class Close extends Deed {
  deed(model: Model, { session, program }: Doer): Promise<void> {
    model.end(session)
    return program.session.close()
  }
}
