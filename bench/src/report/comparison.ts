/**
 * Puts the subjects of one workload and size side by side, with ratios to the best durable rival of the same run.
 */
import type { Measurement, Run } from '../measurement.ts'
import { spreadOf } from '../statistics.ts'
import type { Subject } from '../subjects/subject.ts'
import { figure, type Table } from '../table.ts'
import type { Bar, Chart } from './chart.ts'
import { UNITS } from './unit.ts'

export interface Comparison {
  readonly heading: string
  readonly table: Table
  /** Null where there is nothing to see. */
  readonly chart: Chart | null
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
  const { workload, size } = first
  const { unit, better } = UNITS[workload]
  const heading = UNITS[workload].heading.replace('#', size.toLocaleString('en-US'))
  const bars = group.map((measurement) => barOf(measurement, subjects))
  const best = bestRival(group, subjects)
  const rows = group.map((measurement, at) => {
    const { median, min, max } = spreadOf(measurement.values)
    return [
      bars[at]?.label ?? '',
      figure(median),
      measurement.values.length > 1 ? `${figure(min)} to ${figure(max)}` : '–',
      middle(measurement.runs, (run) => run.p50Ms),
      middle(measurement.runs, (run) => run.p99Ms),
      middle(measurement.runs, (run) => run.clientCores),
      middle(measurement.runs, (run) => run.serverCores),
      best === null || !Number.isFinite(median)
        ? '–'
        : `${figure(ratio(measurement, median, best))} x`,
      bars[at]?.isDurable === true ? 'yes' : 'no',
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
  const chart = { name: `${workload}-${size}`, heading, unit, better, bars }
  return { heading, table: { head, rows }, chart }
}

function barOf(measurement: Measurement, subjects: readonly Subject[]): Bar {
  const subject = subjects.find(({ id }) => id === measurement.subject)
  return {
    label: subject?.title ?? measurement.subject,
    isOurs: subject?.family === 'tenure',
    isDurable: subject?.durable === true,
    ...spreadOf(measurement.values),
  }
}

/** @returns the median of the best durable rival; null when none was measured */
function bestRival(group: readonly Measurement[], subjects: readonly Subject[]): number | null {
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
function ratio({ workload }: Measurement, median: number, best: number): number {
  return UNITS[workload].better === 'more' ? median / best : best / median
}

function middle(runs: readonly Run[], pick: (run: Run) => number | null): string {
  const values = runs.map(pick).filter((value) => value !== null)
  return figure(spreadOf(values).median)
}
