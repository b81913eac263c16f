/** One seed, one run. */
import type { Violation } from './judge/judge.ts'
import type { Mark } from './report/marks.ts'
import type { TraceLine } from './report/trace.ts'
import { World } from './world.ts'

export interface Report {
  readonly seed: number
  readonly violation: Violation | null
  /** Equal for equal runs. */
  readonly hash: string
  readonly virtualMs: number
  readonly marks: readonly Mark[]
  /** Histories that were too hard to judge. */
  readonly unjudged: number
  /** Empty when they were not asked for. */
  readonly lines: readonly TraceLine[]
}

/** A healed world lets every program finish in this time. */
const HEALED_MS = 120_000

export async function run(
  seed: number,
  { keepsTrace = false }: { readonly keepsTrace?: boolean } = {},
): Promise<Report> {
  const { stackTraceLimit } = Error
  // Nobody looks at the stacks of the errors that programs meet, and taking them is slow. Replaying one seed shows them.
  if (!keepsTrace) Error.stackTraceLimit = 0
  try {
    return await runWorld(seed, keepsTrace)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

async function runWorld(seed: number, keepsTrace: boolean): Promise<Report> {
  const world = new World(seed, keepsTrace)
  const { schedule, judge, trace, marks, settings } = world
  const endMs = settings.stormMs + HEALED_MS
  world.begin()
  await schedule.run(() => judge.violation !== null || schedule.nowMs > endMs || world.isDone)
  if (judge.violation === null && !world.isDone) {
    const names = world.unfinished.map(({ name }) => name).join(', ')
    judge.violate('liveness', `${HEALED_MS} ms after the world was healed these wait: ${names}`)
  }
  if (judge.violation === null) judge.settle()
  return {
    seed,
    violation: judge.violation,
    hash: trace.hash,
    virtualMs: schedule.nowMs,
    marks: marks.seen,
    unjudged: judge.unjudged,
    lines: trace.lines,
  }
}
