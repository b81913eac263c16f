/** What programs do, and what happens to them meanwhile, as commands for fast-check. */
import { commands, constantFrom, integer, nat, oneof, record } from 'fast-check'
import type { Arbitrary, AsyncCommand } from 'fast-check'
import { NAMES } from './books.ts'
import { PROGRAMS_MAX } from './deed.ts'
import { GRAIN_MS } from './grain.ts'
import { Abort, Acquire, Change, Look, Release, type Wish } from './holding.ts'
import { EPHEMERAL, type Model } from './model.ts'
import { Close, Join, OnSemaphore, Unwatch, Watch } from './semaphores.ts'
import type { Fault, Stage } from './stage.ts'
import { Lose, Replace, Wait } from './troubles.ts'
import type { HostEnd, World } from './world.ts'

const which = nat(7)
const name = constantFrom(...NAMES)
const persistent = constantFrom(...NAMES.filter((each) => each !== EPHEMERAL))

interface Choice<S extends Stage> {
  readonly weight: number
  readonly arbitrary: Arbitrary<AsyncCommand<Model, S>>
}

/** What programs do of themselves, hit by one of the faults. */
function deeds(faults: readonly Fault[], waits: readonly Wish[]): Choice<Stage>[] {
  const who = nat(PROGRAMS_MAX)
  const fault = constantFrom<Fault[]>(...Array<Fault>(9).fill('none'), ...faults)
  const acquire = record({
    who,
    fault,
    name,
    count: constantFrom(1n, 1n, 1n, 2n, 3n, 4n),
    asks: constantFrom(...waits),
  })
  const change = record({ fault, which, data: constantFrom('', 'a', 'b', null) })
  const onSemaphore = record({
    who,
    fault,
    name: persistent,
    data: constantFrom('', 'x', 'y'),
    limit: constantFrom(1n, 3n),
    does: constantFrom('create', 'create', 'update', 'delete', 'delete by force'),
  })
  return [
    { weight: 3, arbitrary: constantFrom({}).map((none) => new Join(none)) },
    { weight: 16, arbitrary: acquire.map((terms) => new Acquire(terms)) },
    { weight: 3, arbitrary: record({ fault, which }).map((terms) => new Abort(terms)) },
    { weight: 10, arbitrary: record({ fault, which }).map((terms) => new Release(terms)) },
    { weight: 4, arbitrary: record({ fault, which }).map((terms) => new Look(terms)) },
    { weight: 4, arbitrary: change.map((terms) => new Change(terms)) },
    { weight: 6, arbitrary: onSemaphore.map((terms) => new OnSemaphore(terms)) },
    { weight: 4, arbitrary: record({ who, fault, name }).map((terms) => new Watch(terms)) },
    { weight: 1, arbitrary: record({ who, fault }).map((terms) => new Unwatch(terms)) },
    { weight: 1, arbitrary: record({ who, fault }).map((terms) => new Close(terms)) },
  ]
}

const hostEnd = constantFrom<HostEnd[]>('stops', 'is killed', 'lives on')

/** What befalls programs and servers, on a clock that can be moved. */
const troubles: Choice<World>[] = [
  { weight: 1, arbitrary: nat(PROGRAMS_MAX).map((who) => new Lose(who)) },
  {
    weight: 4,
    arbitrary: integer({ min: 1, max: 12 }).map((grains) => new Wait(grains * GRAIN_MS)),
  },
  { weight: 2, arbitrary: hostEnd.map((how) => new Replace(how)) },
]

const FAULTS = ['fails-before', 'fails-after', 'slow', 'full', 'fenced', 'breaks'] as const
const WISHES = ['once', 'for a while', 'for ever', 'for ever'] as const

/** Lives in a world with a clock of its own, with everything that can go wrong. */
export const worldMoves: Arbitrary<Iterable<AsyncCommand<Model, World>>> = commands(
  [oneof(...deeds(FAULTS, WISHES), ...troubles)],
  { maxCommands: 80, size: 'max' },
)

/** Lives in real time, so short ones; connections break. */
export const wireMoves: Arbitrary<Iterable<AsyncCommand<Model, Stage>>> = commands(
  [oneof(...deeds(['breaks'], ['once', 'for ever']))],
  { maxCommands: 25, size: 'max' },
)
