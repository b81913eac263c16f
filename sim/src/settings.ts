/** What a seed decides before its run begins: how large the world is, and which faults it has and how often. */
import { DEFAULT_LIMITS, type Limits } from '@tenure/kernel'
import type { Random } from './random.ts'

/** How often runs are about what, in equal parts. */
const MATTERS: readonly Matter[] = ['semaphores', 'semaphores', 'records', 'records', 'both']

/** Every fault there is. */
const FAULTS = [
  'serverKill',
  'serverFuse',
  'serverMachineLoss',
  'serverStop',
  'serverPause',
  'clientKill',
  'clientMachineLoss',
  'clientPause',
  'reset',
  'halfOpen',
  'partition',
  'oneWayPartition',
  'slowNetwork',
  'slowStorage',
  'lostCommits',
  'unknownCommits',
  'deafStorage',
  'diskFull',
  'theft',
  'wallJump',
] as const

export type Fault = (typeof FAULTS)[number]

/** The mean time between two faults of a kind, in virtual milliseconds; a kind that is not in it never occurs. */
type FaultRates = ReadonlyMap<Fault, number>

export type Matter = 'semaphores' | 'records' | 'both' | 'log'

/** A theme of the session log. */
export interface ThemePlan {
  readonly theme: number
  readonly delaySeconds: number
  readonly jitterSeconds: number
  readonly concurrency: number
  /** Infinity: without bound. */
  readonly maxRepeats: number
  readonly maxBytes: number
  /** Where servers take its tasks; empty: nowhere. */
  readonly handler: string
  readonly handlerSeconds: number
}

export interface Settings {
  readonly servers: number
  readonly clients: number
  readonly stormMs: number
  readonly lagMs: number
  readonly clockRates: readonly number[]
  readonly sessionTimeoutsMs: readonly number[]
  readonly selfCheckMs: number
  readonly graceMs: number
  readonly operationsMax: number
  /** How much longer the storage reads than it writes, at most. */
  readonly coldMs: number
  /** Few clients hold one lock for long, and nobody else says a word. */
  readonly isQuiet: boolean
  /** What the programs are about. */
  readonly matter: Matter
  /** None unless they are about the log. */
  readonly themes: readonly ThemePlan[]
  /** The servers that do not speak Tenure's own protocol, as if of an earlier version. */
  readonly oldServers: ReadonlySet<number>
  readonly kernelLimits: Partial<Limits>
  readonly faults: FaultRates
}

/** When a fault is drawn: its mean time between two lies in this range. */
const RANGES: Readonly<Record<Fault, readonly [number, number]>> = {
  serverKill: [2_000, 15_000],
  serverFuse: [2_000, 10_000],
  serverMachineLoss: [5_000, 20_000],
  serverStop: [4_000, 15_000],
  serverPause: [2_000, 10_000],
  clientKill: [2_000, 15_000],
  clientMachineLoss: [4_000, 15_000],
  clientPause: [2_000, 10_000],
  reset: [300, 4_000],
  halfOpen: [1_000, 8_000],
  partition: [2_000, 8_000],
  oneWayPartition: [2_000, 8_000],
  slowNetwork: [2_000, 8_000],
  slowStorage: [2_000, 8_000],
  lostCommits: [2_000, 8_000],
  unknownCommits: [2_000, 8_000],
  deafStorage: [2_000, 8_000],
  diskFull: [4_000, 12_000],
  theft: [2_000, 10_000],
  wallJump: [200, 2_000],
}

/** A quarter of all runs is a fine day: what fails there fails for everybody. */
const CALM_SHARE = 0.25
/** How many of the faults a stormy run has. */
const FAULT_SHARE = 0.3
/** How many runs are quiet. */
const QUIET_SHARE = 0.1
const CLOCK_ERROR = 0.009
/** How many of the runs that are not about records have a server of an earlier version. */
const OLD_SHARE = 0.15

/** How many runs that are not quiet are about the log. */
const LOG_SHARE = 0.25
const THEMES_MAX = 3
/** How many themes have a handler that servers take their tasks to. */
const HOUSE_SHARE = 0.3
const HOUSE = 'grpc://house:1'
/** A task may have few records of the usual length. */
const SMALL_TASK_BYTES = 400
const LARGE_TASK_BYTES = 1_000_000

/** A step of the log is no larger than this when it hands out and stores as few tasks as a small node allows. */
const LOG_ROOM = 24

export function settingsOf(random: Random): Settings {
  const settings = settingsOfCoordination(random)
  const isOfLog = !settings.isQuiet && random.chance(LOG_SHARE)
  return isOfLog ? { ...settings, ...settingsOfLog(random) } : settings
}

/** What differs when the programs are about the log. */
function settingsOfLog(random: Random): Partial<Settings> {
  const operationsMax = random.pick([10_000, 10_000, 10_000, LOG_ROOM])
  return {
    operationsMax,
    coldMs: random.pick([0, 2, 50]),
    matter: 'log',
    clients: random.whole(2, 4),
    themes: Array.from({ length: random.whole(1, THEMES_MAX) }, (_, at) =>
      themePlanOf(random, at + 1),
    ),
    oldServers: new Set(),
    kernelLimits: logLimitsOf(random, operationsMax),
  }
}

function themePlanOf(random: Random, theme: number): ThemePlan {
  return {
    theme,
    delaySeconds: random.pick([0, 0, 1, 2]),
    jitterSeconds: random.pick([0, 0, 2]),
    concurrency: random.pick([1, 2, 3, 10]),
    maxRepeats: random.pick([Infinity, Infinity, 1, 3]),
    maxBytes: random.chance(0.3) ? SMALL_TASK_BYTES : LARGE_TASK_BYTES,
    handler: random.chance(HOUSE_SHARE) ? HOUSE : '',
    handlerSeconds: random.pick([0, 1, 3]),
  }
}

function logLimitsOf(random: Random, operationsMax: number): Partial<Limits> {
  const small = smallLimits(random)
  const perStep = operationsMax > LOG_ROOM ? DEFAULT_LIMITS.tasksPerStepMax : 2
  return {
    storedInMemoryMax: small(4, DEFAULT_LIMITS.storedInMemoryMax),
    storedPageMax: small(4, DEFAULT_LIMITS.storedPageMax),
    taskPageRecordsMax: small(3, DEFAULT_LIMITS.taskPageRecordsMax),
    listedTasksMax: small(3, DEFAULT_LIMITS.listedTasksMax),
    tasksPerStepMax: small(2, perStep),
  }
}

/** The settings of all other runs. */
function settingsOfCoordination(random: Random): Settings {
  const isCalm = random.chance(CALM_SHARE)
  const timeouts = [800, 1_500, 3_000, 6_000]
  const isSkewed = random.chance(0.5)
  const servers = random.chance(0.35) ? 2 : 1
  const isQuiet = random.chance(QUIET_SHARE)
  const matter = isQuiet ? 'semaphores' : random.pick(MATTERS)
  const isOld = matter === 'semaphores' && random.chance(OLD_SHARE)
  // A transaction is one command, and must fit into one commit.
  const leastRoom = matter === 'semaphores' ? 3 : 8
  return {
    servers,
    clients: random.whole(2, 5),
    stormMs: random.whole(4, 12) * 1_000,
    lagMs: random.pick([0, 0.05, 2]),
    clockRates: Array.from({ length: 8 }, () =>
      isSkewed ? random.between(1 - CLOCK_ERROR, 1 + CLOCK_ERROR) : 1,
    ),
    sessionTimeoutsMs: random.chance(0.3) ? [random.pick(timeouts)] : timeouts,
    selfCheckMs: 500,
    graceMs: random.pick([1_500, 3_000]),
    operationsMax: random.pick([10_000, 10_000, 10_000, 24, leastRoom]),
    isQuiet,
    matter,
    themes: [],
    coldMs: 0,
    oldServers: new Set(isOld ? [random.below(servers)] : []),
    kernelLimits: kernelLimitsOf(random),
    faults: faultsOf(random, isCalm),
  }
}

/** Bounds so small that they are met, each in half of the runs. */
function smallLimits(random: Random): (most: number, usual: number) => number {
  return (most, usual) => (random.chance(0.5) ? random.whole(1, most) : usual)
}

function kernelLimitsOf(random: Random): Partial<Limits> {
  const small = smallLimits(random)
  return {
    valueMemoryBytesMax: small(400, DEFAULT_LIMITS.valueMemoryBytesMax),
    historyChangesMax: small(8, DEFAULT_LIMITS.historyChangesMax),
    rangeRecordsMax: small(4, DEFAULT_LIMITS.rangeRecordsMax),
    heldMomentsMax: small(2, DEFAULT_LIMITS.heldMomentsMax),
  }
}

function faultsOf(random: Random, isCalm: boolean): FaultRates {
  const rates = new Map<Fault, number>()
  for (const fault of FAULTS) {
    const [shortMs, longMs] = RANGES[fault]
    const isDrawn = random.chance(FAULT_SHARE)
    const meanMs = random.between(shortMs, longMs)
    if (isDrawn && !isCalm) rates.set(fault, meanMs)
  }
  return rates
}
