/**
 * Puts the subjects of one workload and size side by side, with ratios to the best durable rival of the same run.
 */
import type { Measurement, Run } from '../measurement.ts'
import { spreadOf } from '../statistics.ts'
import type { Subject } from '../subjects/subject.ts'
import { figure, type Table } from '../table.ts'
import { UNITS } from './unit.ts'

export interface Comparison {
  readonly heading: string
  readonly table: Table
}

/** One comparison for each workload and size, in the order of measuring. */
export function comparisons(
  measurements: readonly Measurement[],
  subjects: readonly Subject[],
): Comparison[] {
  const groups = new Map<string, Measurement[]>()
  for (const measurement of measurements) {
    const key = `${measurement.workload} ${measurement.size}`
    groups.set(key, [...(groups.get(key) ?? []), measurement])
  }
  return [...groups.values()].flatMap((group) => compare(group, subjects) ?? [])
}

function compare(group: readonly Measurement[], subjects: readonly Subject[]): Comparison | null {
  const [first] = group
  if (first === undefined) return null
  const { heading, unit } = UNITS[first.workload]
  const best = bestRival(group, subjects)
  const rows = group.map((measurement) => {
    const subject = subjects.find(({ id }) => id === measurement.subject)
    const { median, min, max } = spreadOf(measurement.values)
    return [
      subject?.title ?? measurement.subject,
      figure(median),
      measurement.values.length > 1 ? `${figure(min)} to ${figure(max)}` : '–',
      middle(measurement.runs, (run) => run.p50Ms),
      middle(measurement.runs, (run) => run.p99Ms),
      middle(measurement.runs, (run) => run.clientCores),
      middle(measurement.runs, (run) => run.serverCores),
      best === null || !Number.isFinite(median)
        ? '–'
        : `${figure(ratio(measurement, median, best))} x`,
      subject?.durable === true ? 'yes' : 'no',
    ]
  })
  const head = [
    '',
    unit,
    'range',
    'p50 ms',
    'p99 ms',
    'client cores',
    'server cores',
    'as good as',
    'durable',
  ]
  return {
    heading: heading.replace('#', first.size.toLocaleString('en-US')),
    table: { head, rows },
  }
}

/** @returns the median of the best durable rival; null when none was measured */
export function bestRival(
  group: readonly Measurement[],
  subjects: readonly Subject[],
): number | null {
  const rivals = group.filter(({ subject }) =>
    subjects.some(({ id, family, durable }) => id === subject && family === 'rival' && durable),
  )
  const [first] = rivals
  // A rival that did nothing in its time has no median, or nothing per second.
  const medians = rivals.map(({ values }) => spreadOf(values).median).filter((median) => median > 0)
  if (first === undefined || medians.length === 0) return null
  return UNITS[first.workload].better === 'more' ? Math.max(...medians) : Math.min(...medians)
}

/** How many times as good as the best: above 1 is better, whichever direction is good. */
export function ratio({ workload }: Measurement, median: number, best: number): number {
  return UNITS[workload].better === 'more' ? median / best : best / median
}

function middle(runs: readonly Run[], pick: (run: Run) => number | null): string {
  const values = runs.map(pick).filter((value) => value !== null)
  return figure(spreadOf(values).median)
}
