/** What programs do, and what happens to them meanwhile, as commands for fast-check. */
import { ok } from 'node:assert/strict'
import { commands, constantFrom, integer, nat, oneof, record, stringify } from 'fast-check'
import type { Arbitrary, AsyncCommand } from 'fast-check'
import { NotFoundError, PreconditionFailedError, AlreadyExistsError } from '@tenure/client'
import { EPHEMERAL, type Model, type ModelSession, type Task } from './model.ts'
import { Asked, ENOUGH, type Program, Watching } from './program.ts'
import { NAMES, RECOVERY_MS, SESSION_TIMEOUT_MS, type World } from './world.ts'

type System = AsyncCommand<Model, World>

/** What hits the commit of a command, or its way to the server. */
type Fault = 'none' | 'fails-before' | 'fails-after' | 'slow' | 'full' | 'fenced' | 'breaks'

/** Times are multiples of this, and no two deadlines are equal. */
const GRAIN_MS = 50
const PROGRAMS_MAX = 4
/** How long commits take, or find no room. */
const TROUBLE_MS = 10 * GRAIN_MS

abstract class Move implements System {
  readonly terms: object

  constructor(terms: object) {
    this.terms = terms
  }

  abstract check(model: Readonly<Model>): boolean
  abstract act(model: Model, world: World): Promise<void>

  async run(model: Model, world: World): Promise<void> {
    await this.act(model, world)
    await world.verify(model)
  }

  toString(): string {
    return `${this.constructor.name} ${stringify(this.terms)}`
  }
}

/** Something that a program does, under a fault. */
abstract class Deed extends Move {
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

  async act(model: Model, world: World): Promise<void> {
    const session = this.alive(model)
    const program = world.programs[session?.index ?? -1]
    ok(session !== undefined && program !== undefined)
    const { engine } = world
    if (this.fault === 'fails-before' || this.fault === 'fails-after') engine.moods.push(this.fault)
    if (this.fault === 'fenced') {
      await world.replaceHost('lives on')
      model.advance(world.clock.monotonicMs())
    }
    engine.holding = this.fault === 'slow'
    engine.full = this.fault === 'full'
    const done = outcomeOf(this.deed(model, { session, program }))
    if (this.fault === 'breaks') world.link(session.index).break()
    await world.clock.settle()
    if (engine.holding || engine.full) await pass(model, world, TROUBLE_MS)
    engine.letAll()
    engine.full = false
    if (this.fault !== 'none') await pass(model, world, RECOVERY_MS)
    engine.moods.length = 0
    const { error } = await done
    if (error !== null) throw error
  }

  abstract deed(
    model: Model,
    who: { readonly session: ModelSession; readonly program: Program },
  ): Promise<void>

  alive(model: Readonly<Model>): ModelSession | undefined {
    const alive = model.sessions.filter(({ isOver }) => !isOver)
    return alive[this.who % Math.max(1, alive.length)]
  }
}

async function pass(model: Model, world: World, ms: number): Promise<void> {
  await world.advance(ms)
  model.advance(model.nowMs + ms)
}

/** Nobody gives up while a fault is mended, so that it does not matter when exactly it is. */
function isCalm(model: Readonly<Model>): boolean {
  return model.tasks.every(({ state, deadlineMs }) => {
    const isPending = state === 'in line' || state === 'waiting'
    return !isPending || deadlineMs === Infinity
  })
}

class Join extends Move {
  check(model: Readonly<Model>): boolean {
    return model.sessions.filter(({ isOver }) => !isOver).length < PROGRAMS_MAX
  }

  async act(model: Model, world: World): Promise<void> {
    model.open()
    await world.join()
  }
}

interface AcquireTerms {
  readonly who: number
  readonly fault: Fault
  readonly name: string
  readonly count: bigint
  readonly asks: 'once' | 'for a while' | 'for ever'
}

class Acquire extends Deed {
  readonly #terms: AcquireTerms

  constructor(terms: AcquireTerms) {
    super(terms)
    this.#terms = terms
  }

  override check(model: Readonly<Model>): boolean {
    return super.check(model) && (this.fault === 'none' || this.#terms.asks !== 'for a while')
  }

  async deed(model: Model, { session, program }: Doer): Promise<void> {
    const { name, count, asks } = this.#terms
    const timeout = 400 + (model.tasks.length % GRAIN_MS)
    const deadlineMs = asks === 'for a while' ? model.nowMs + timeout : Infinity
    const task = model.acquire({ session, name, count, asksOnce: asks === 'once', deadlineMs })
    const semaphore = program.session.semaphore(name)
    const options = { count, ephemeral: name === EPHEMERAL }
    const asked = new Asked(task, (signal) => {
      if (asks === 'once') return semaphore.tryAcquire(options, signal)
      return semaphore.acquire(asks === 'for ever' ? options : { ...options, timeout }, signal)
    })
    program.asked.push(asked)
    return Promise.resolve()
  }
}

interface Doer {
  readonly session: ModelSession
  readonly program: Program
}

/** Something done to one of the session's acquires, if there is one in a state for it. */
abstract class OnTask extends Deed {
  readonly #which: number

  constructor(terms: { readonly fault: Fault; readonly which: number }) {
    super({ who: 0, ...terms })
    this.#which = terms.which
  }

  abstract readonly states: readonly Task['state'][]

  /** Whose acquire it is. */
  override alive(model: Readonly<Model>): ModelSession | undefined {
    return this.#task(model)?.session
  }

  async deed(model: Model, { program }: Doer): Promise<void> {
    const task = this.#task(model)
    ok(task !== undefined)
    await this.onTask(model, task, program.find(task))
  }

  abstract onTask(model: Model, task: Task, asked: Asked): Promise<void>

  #task(model: Readonly<Model>): Task | undefined {
    const found = model.tasks.filter(({ state }) => this.states.includes(state))
    return found[this.#which % Math.max(1, found.length)]
  }
}

class Abort extends OnTask {
  readonly states = ['in line', 'waiting'] as const

  onTask(model: Model, task: Task, { controller }: Asked): Promise<void> {
    model.abort(task)
    controller.abort(ENOUGH)
    return Promise.resolve()
  }
}

class Release extends OnTask {
  readonly states = ['held', 'stale'] as const

  onTask(model: Model, task: Task, { lease }: Asked): Promise<void> {
    model.release(task)
    return lease?.release() ?? Promise.reject(new Error('no lease'))
  }
}

/** Looks at the signal of a lease, which from then on learns of a forced delete. */
class Look extends OnTask {
  readonly states = ['held', 'stale'] as const

  onTask(model: Model, task: Task, { lease }: Asked): Promise<void> {
    model.watch(task)
    void lease?.signal
    return Promise.resolve()
  }
}

class Change extends OnTask {
  readonly #terms: ChangeTerms
  readonly states = ['held', 'stale'] as const

  constructor(terms: ChangeTerms) {
    super(terms)
    this.#terms = terms
  }

  async onTask(model: Model, task: Task, { lease }: Asked): Promise<void> {
    const { data } = this.#terms
    ok(lease !== null)
    const kept = data === null ? (task.count + 1n) / 2n : task.count
    const isThere = model.change(task, kept, data ?? task.data)
    const { error } = await outcomeOf(
      data === null ? lease.downgrade(kept) : lease.update(Buffer.from(data)),
    )
    ok(isThere === (error === null), String(error))
  }
}

interface ChangeTerms {
  readonly fault: Fault
  readonly which: number
  /** null: gives half of it back. */
  readonly data: string | null
}

interface SemaphoreTerms {
  readonly who: number
  readonly fault: Fault
  readonly name: string
  readonly data: string
  readonly limit: bigint
  readonly does: 'create' | 'update' | 'delete' | 'delete by force'
}

class OnSemaphore extends Deed {
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

/** Waits for an end of any kind. */
function outcomeOf(work: Promise<void>): Promise<{ error: unknown }> {
  return work.then(
    () => ({ error: null }),
    (error: unknown) => ({ error }),
  )
}

class Watch extends Deed {
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

class Unwatch extends Deed {
  deed(_model: Model, { program }: Doer): Promise<void> {
    return program.watches.pop()?.end() ?? Promise.resolve()
  }
}

class Close extends Deed {
  deed(model: Model, { session, program }: Doer): Promise<void> {
    model.end(session)
    return program.session.close()
  }
}

/** The program's link dies without a word: it must give up before the server gives its units to others. */
class Lose extends Deed {
  override check(model: Readonly<Model>): boolean {
    return super.check(model) && isCalm(model)
  }

  override async act(model: Model, world: World): Promise<void> {
    const session = this.alive(model)
    ok(session !== undefined)
    world.link(session.index).die()
    await pass(model, world, SESSION_TIMEOUT_MS - 10 * GRAIN_MS)
    model.believeLost(session)
    await world.verify(model)
    await pass(model, world, 11 * GRAIN_MS)
    model.free(session)
  }

  deed(): Promise<void> {
    return Promise.resolve()
  }
}

class Wait extends Move {
  readonly #ms: number

  constructor(ms: number) {
    super({ ms })
    this.#ms = ms
  }

  check(): boolean {
    return true
  }

  async act(model: Model, world: World): Promise<void> {
    await pass(model, world, this.#ms)
  }
}

type HostEnd = 'stops' | 'is killed' | 'lives on'

class Replace extends Move {
  readonly #how: HostEnd

  constructor(how: HostEnd) {
    super({ how })
    this.#how = how
  }

  check(model: Readonly<Model>): boolean {
    return isCalm(model)
  }

  async act(model: Model, world: World): Promise<void> {
    await world.replaceHost(this.#how)
    model.advance(world.clock.monotonicMs())
    await pass(model, world, RECOVERY_MS)
  }
}

const who = nat(PROGRAMS_MAX)
const which = nat(7)
const name = constantFrom(...NAMES)
const persistent = constantFrom(...NAMES.filter((each) => each !== EPHEMERAL))
const data = constantFrom('', 'x', 'y')
const fault = constantFrom<Fault[]>(
  ...Array.from({ length: 9 }, () => 'none' as const),
  'fails-before',
  'fails-after',
  'slow',
  'full',
  'fenced',
  'breaks',
)
const deed = { who, fault }

const move: Arbitrary<System> = oneof(
  { weight: 3, arbitrary: constantFrom({}).map((none) => new Join(none)) },
  {
    weight: 16,
    arbitrary: record({
      ...deed,
      name,
      count: constantFrom(1n, 1n, 1n, 2n, 3n, 4n),
      asks: constantFrom('once', 'for a while', 'for ever', 'for ever'),
    }).map((terms) => new Acquire(terms)),
  },
  { weight: 3, arbitrary: record({ fault, which }).map((terms) => new Abort(terms)) },
  { weight: 10, arbitrary: record({ fault, which }).map((terms) => new Release(terms)) },
  { weight: 4, arbitrary: record({ fault, which }).map((terms) => new Look(terms)) },
  {
    weight: 4,
    arbitrary: record({ fault, which, data: constantFrom('', 'a', 'b', null) }).map(
      (terms) => new Change(terms),
    ),
  },
  {
    weight: 6,
    arbitrary: record({
      ...deed,
      name: persistent,
      data,
      limit: constantFrom(1n, 3n),
      does: constantFrom('create', 'create', 'update', 'delete', 'delete by force'),
    }).map((terms) => new OnSemaphore(terms)),
  },
  { weight: 4, arbitrary: record({ ...deed, name }).map((terms) => new Watch(terms)) },
  { weight: 1, arbitrary: record(deed).map((terms) => new Unwatch(terms)) },
  { weight: 1, arbitrary: record(deed).map((terms) => new Close(terms)) },
  { weight: 1, arbitrary: record(deed).map((terms) => new Lose(terms)) },
  {
    weight: 4,
    arbitrary: integer({ min: 1, max: 12 }).map((grains) => new Wait(grains * GRAIN_MS)),
  },
  {
    weight: 2,
    arbitrary: constantFrom<HostEnd[]>('stops', 'is killed', 'lives on').map(
      (how) => new Replace(how),
    ),
  },
)

const MOVES_MAX = 80

export const moves: Arbitrary<Iterable<System>> = commands([move], {
  maxCommands: MOVES_MAX,
  size: 'max',
})
