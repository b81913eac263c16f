/**
 * Twenty-odd sessions against one server, epoch after epoch: faults, then fair weather in which everybody must get on, then
 * calm, then judgement.
 */
import { setMaxListeners } from 'node:events'
import { contend, type Prize } from './actors/contender.ts'
import { describe } from './actors/describer.ts'
import { haunt } from './actors/ghost.ts'
import { sprint } from './actors/sprinter.ts'
import { steal } from './actors/thief.ts'
import { watch } from './actors/watcher.ts'
import { write } from './actors/writer.ts'
import { Chance } from './chance.ts'
import { excerptOf } from './excerpt.ts'
import { emptyHistory, type History, type Violation } from './history.ts'
import { GRACE_MS } from './judges/life.ts'
import { judge } from './judges/judge.ts'
import { Network } from './network.ts'
import { type Besieged, Victim } from './victim.ts'
import { Visitor } from './visitor.ts'
import { rage, watchMachine } from './weather.ts'
import { createNode } from './wire.ts'
import { nowMs, OrderBook, pause, type World } from './world.ts'

export interface StormOptions {
  readonly seed: number
  /** How long the weather of one epoch is bad. */
  readonly epochMs: number
  /** How long it is fair behind that, at least. */
  readonly fairMs: number
  readonly epochs: number
  /** How many of each kind of actor, in parts of the usual. */
  readonly crowd: number
  /** What it is bad for; by default one server on a directory. Whoever gives it ends it. */
  readonly victim?: Besieged
  /** Told after each epoch. */
  report(line: string): void
}

/** How long everybody may take to get on when the weather is fair: the longest timeout, grace and two pings, with room. */
const PROGRESS_MS = 20_000
const ALL = 2n ** 64n - 1n
const PATH = '/local/storm'
const VIOLATIONS_SHOWN = 3

const BUSY_MS = { least: 0, most: 25 }
/** Seldom enough that a change which is not told is not covered by the next one. */
const RARE_MS = { least: 1_200, most: 2_200 }
const PATIENCE_MS = { busy: 600, rare: 5_000 }

/** @returns what was wrong, for people; empty when nothing was */
export async function storm(options: StormOptions): Promise<string[]> {
  const chance = new Chance(options.seed)
  await using own = options.victim === undefined ? new Victim() : null
  const victim = options.victim ?? own
  if (victim === null) throw new Error('there is nothing that the weather could be bad for')
  await using network = await Network.open()
  network.leadTo(await victim.start())
  const config = { selfCheckPeriodMillis: 500, sessionGracePeriodMillis: GRACE_MS }
  await createNode(network.address, { path: PATH, config })
  const orders = new OrderBook()
  let idsBefore = 0n
  let generation = 0
  for (let number = 1; number <= options.epochs; number += 1) {
    // Nobody holds or waits for anything now, so what was given out last is remembered by counters alone.
    if (number > 1) {
      await victim.kill()
      generation += 1
      network.leadTo(await victim.start())
    }
    const calm = new AbortController()
    setMaxListeners(0, calm.signal)
    const history = emptyHistory(idsBefore)
    const names = { path: PATH, epoch: `e${number}` }
    const ports = { network, orders, chance: chance.fork(), calm: calm.signal }
    const world: World = { ...names, ...ports, history, generation }
    const registers = await runEpoch({ world, victim, calm }, options)
    generation = world.generation
    for (const { id } of history.sessions) if (id > idsBefore) idsBefore = id
    const violations = judge(history, registers)
    options.report(`epoch ${number} of ${options.epochs}: ${summary(history, violations)}`)
    if (violations.length > 0) {
      const shown = violations.slice(0, VIOLATIONS_SHOWN).map((one) => excerptOf(history, one))
      return [...shown, `the server said last:\n${victim.words}`]
    }
  }
  return []
}

interface Epoch {
  readonly world: World
  readonly victim: Besieged
  readonly calm: AbortController
}

/** @returns the names of the registers */
async function runEpoch({ world, victim, calm }: Epoch, options: StormOptions): Promise<string[]> {
  const { chance } = world
  const registers = ['x', 'y', 'rare'].map((name) => `${world.epoch}-${name}`)
  const prizes = prizesOf(world.epoch)
  using _machine = watchMachine(world, () => victim.pids)
  await prepare(world, prizes)
  const acting = Promise.all(cast(world, { registers, prizes, crowd: options.crowd }))
  const fair = new AbortController()
  const weather = rage({ world, victim }, chance.fork(), fair.signal)
  await Promise.race([pause(options.epochMs), weather, acting])
  fair.abort()
  await weather
  const fairAt = nowMs()
  await Promise.race([pause(options.fairMs), acting])
  await progress({ world, fairAt }, prizes)
  calm.abort()
  await acting
  victim.assertAlive()
  return registers
}

function prizesOf(epoch: string): Prize[] {
  return [
    { semaphore: `${epoch}-lock`, limit: ALL, counts: [ALL], ephemeral: true },
    { semaphore: `${epoch}-shared`, limit: ALL, counts: [1n, 1n, 1n, ALL], ephemeral: true },
    { semaphore: `${epoch}-pool`, limit: 5n, counts: [1n, 2n, 3n, 5n], ephemeral: false },
  ]
}

async function prepare(world: World, prizes: readonly Prize[]): Promise<void> {
  const keeper = new Visitor(world, { actor: 'keeper', timeoutMs: 3_000 })
  await keeper.present()
  for (const { semaphore, limit, ephemeral } of prizes) {
    if (!ephemeral) await keeper.write('create', semaphore, 'keeper', limit)
  }
  await keeper.stop()
}

interface Stage {
  /** The last one is written seldom. */
  readonly registers: readonly string[]
  readonly prizes: readonly Prize[]
  readonly crowd: number
}

function cast(world: World, { registers, prizes, crowd }: Stage): Array<Promise<void>> {
  const semaphores = prizes.map(({ semaphore }) => semaphore)
  const all = [...registers, ...semaphores]
  const busy = registers.slice(0, -1)
  const rare = registers.slice(-1)
  type Act = (actor: string, chance: Chance) => Promise<void>
  const acts: ReadonlyArray<readonly [kind: string, count: number, act: Act]> = [
    ['contender', 8, (actor, chance) => contend(world, chance, { actor, prizes })],
    [
      'writer',
      4,
      (actor, chance) => write(world, chance, { actor, registers: busy, restMs: BUSY_MS }),
    ],
    [
      'scribe',
      1,
      (actor, chance) => write(world, chance, { actor, registers: rare, restMs: RARE_MS }),
    ],
    [
      'watcher',
      3,
      (actor, chance) =>
        watch(world, chance, { actor, semaphores: all, patienceMs: PATIENCE_MS.busy }),
    ],
    [
      'reader',
      2,
      (actor, chance) =>
        watch(world, chance, { actor, semaphores: rare, patienceMs: PATIENCE_MS.rare }),
    ],
    ['describer', 2, (actor, chance) => describe(world, chance, { actor, semaphores })],
    ['ghost', 3, (actor, chance) => haunt(world, chance, { actor })],
    ['sprinter', 2, (actor, chance) => sprint(world, chance, { actor })],
    ['thief', 2, (actor, chance) => steal(world, chance, { actor })],
  ]
  return acts.flatMap(([kind, count, act]) =>
    Array.from({ length: Math.max(1, Math.round(count * crowd)) }, (_, at) =>
      act(`${kind}${at + 1}`, world.chance.fork()),
    ),
  )
}

/** In fair weather every session gets on and every semaphore is granted again. */
async function progress(
  { world: { history }, fairAt }: { world: World; fairAt: number },
  prizes: readonly Prize[],
): Promise<void> {
  const stuck = (): string[] => {
    const heard = history.sessions.filter(({ contactAt }) => contactAt > fairAt)
    const actors = new Set(heard.map(({ actor }) => actor))
    const silent = history.sessions.filter(
      ({ actor, silentAt }) => !actors.has(actor) && silentAt === Infinity && actor !== 'keeper',
    )
    const granted = new Set(
      history.holdings
        .filter((turn) => turn.kind === 'acquire' && turn.acquired && turn.returnedAt > fairAt)
        .map(({ semaphore }) => semaphore),
    )
    return [
      ...silent.map(({ actor }) => actor),
      ...prizes.map(({ semaphore }) => semaphore).filter((name) => !granted.has(name)),
    ]
  }
  while (stuck().length > 0) {
    if (nowMs() > fairAt + PROGRESS_MS) {
      const about = stuck()
      const what = `no progress in fair weather: ${about.join(', ')}`
      history.violations.push({ id: 'L1', at: nowMs(), what, about })
      return
    }
    await pause(50)
  }
}

function summary(history: History, violations: readonly Violation[]): string {
  const counts = new Map<string, number>()
  for (const { kind } of history.faults) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const grants = history.holdings.filter((turn) => turn.kind === 'acquire' && turn.acquired)
  return [
    `${history.sessions.length} sessions`,
    `${history.holdings.length} acquires and releases (${grants.length} grants)`,
    `${history.describes.length} descriptions`,
    `${history.writes.length} writes`,
    `${history.inheritances.length} inheritances`,
    ...[...counts].map(([kind, count]) => `${count} ${kind}`),
    `${violations.length} violations`,
  ].join(', ')
}
