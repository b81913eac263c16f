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

export type Matter = 'semaphores' | 'records' | 'both'

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
  /** Few clients hold one lock for long, and nobody else says a word. */
  readonly isQuiet: boolean
  /** What the programs are about. */
  readonly matter: Matter
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

export function settingsOf(random: Random): Settings {
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
    oldServers: new Set(isOld ? [random.below(servers)] : []),
    kernelLimits: kernelLimitsOf(random),
    faults: faultsOf(random, isCalm),
  }
}

/** Bounds so small that they are met, each in half of the runs. */
function kernelLimitsOf(random: Random): Partial<Limits> {
  const small = (most: number, usual: number): number =>
    random.chance(0.5) ? random.whole(1, most) : usual
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
