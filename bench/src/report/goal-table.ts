/**
 * The goals of which something was measured, with what was reached.
 */
import type { Measurement, Run } from '../measurement.ts'
import { spreadOf } from '../statistics.ts'
import type { Subject } from '../subjects/subject.ts'
import { figure, type Table } from '../table.ts'
import { type Goal, GOALS } from './goals.ts'
import { UNITS } from './unit.ts'

export function goalTable(
  measurements: readonly Measurement[],
  subjects: readonly Subject[],
): Table {
  const rows = GOALS.flatMap((goal) => {
    const group = measurements.filter(
      ({ workload, size }) => workload === goal.workload && size === goal.size,
    )
    const reached = bestOf(goal, group, goal.subjects)
    if (reached === null) return []
    if (goal.against === undefined) return [rowOf(goal, reached, directionOf(goal))]
    const rivals = rivalsOf(goal.against, subjects)
    const rival = bestOf(
      goal,
      group,
      rivals.map(({ id }) => id),
    )
    if (rival === null) return []
    const ratio = directionOf(goal).better === 'more' ? reached / rival : rival / reached
    const [only] = rivals
    const name = rivals.length === 1 && only !== undefined ? only.title : 'the best rival'
    return [rowOf(goal, ratio, { unit: `x ${name}`, better: 'more' })]
  })
  return { head: ['goal', 'target', 'measured', ''], rows }
}

interface Direction {
  readonly unit: string
  readonly better: 'more' | 'less'
}

function rowOf({ says, target }: Goal, reached: number, { unit, better }: Direction): string[] {
  const isMet = better === 'more' ? reached >= target : reached <= target
  const sign = better === 'more' ? '≥' : '≤'
  return [
    says,
    `${sign} ${figure(target)} ${unit}`,
    `${figure(reached)} ${unit}`,
    isMet ? 'reached' : 'not reached',
  ]
}

function directionOf({ workload, latency }: Goal): Direction {
  return latency === undefined ? UNITS[workload] : { unit: 'ms', better: 'less' }
}

function rivalsOf(
  against: readonly string[] | 'durable rivals',
  subjects: readonly Subject[],
): readonly Subject[] {
  return against === 'durable rivals'
    ? subjects.filter(({ family, durable }) => family === 'rival' && durable)
    : subjects.filter(({ id }) => against.includes(id))
}

/** @returns the best figure that one of them reached; null when none was measured, or none did anything in its time */
function bestOf(goal: Goal, group: readonly Measurement[], ids: readonly string[]): number | null {
  const figures = group
    .filter(({ subject }) => ids.includes(subject))
    .map((measurement) => spreadOf(figuresOf(goal, measurement)).median)
    .filter((median) => median > 0)
  if (figures.length === 0) return null
  return directionOf(goal).better === 'more' ? Math.max(...figures) : Math.min(...figures)
}

function figuresOf({ latency }: Goal, { values, runs }: Measurement): readonly number[] {
  if (latency === undefined) return values
  return runs.map((run: Run) => run[latency]).filter((value) => value !== null)
}
