/**
 * One line for each number of stored tasks, so that it can be seen what grows with it and what does not.
 */
import type { Measurement, Run, ScaleName } from '../measurement.ts'
import { spreadOf } from '../statistics.ts'
import { figure, type Table } from '../table.ts'
import type { Bar, Chart } from './chart.ts'
import type { Comparison } from './comparison.ts'
import { UNITS } from './unit.ts'

export function scaleTables(measurements: readonly Measurement[]): Comparison[] {
  const sizesOf = (name: ScaleName): number[] =>
    measurements.filter(({ workload }) => workload === name).map(({ size }) => size)
  const at = (name: ScaleName, size: number): Measurement | undefined =>
    measurements.find(({ workload, size: its }) => workload === name && its === size)
  return [
    {
      heading: 'A server with stored tasks of one record of 256 bytes',
      table: storedTable(sizesOf('stored-open'), at),
      chart: chartOf('stored-appends', sizesOf('stored-appends'), at),
    },
    {
      heading: 'Due tasks handed out in the order in which they are due, and deleted',
      table: deliveryTable(sizesOf('delivery'), at),
      chart: null,
    },
  ]
}

function chartOf(name: ScaleName, sizes: readonly number[], at: Find): Chart {
  const { heading, unit, better } = UNITS[name]
  const bars = sizes.map((size): Bar => ({
    label: size.toLocaleString('en-US'),
    isOurs: true,
    isDurable: true,
    ...spreadOf(at(name, size)?.values ?? []),
  }))
  return { name, heading: heading.replace(' #', ''), unit, better, bars }
}

type Find = (name: ScaleName, size: number) => Measurement | undefined

function storedTable(sizes: readonly number[], at: Find): Table {
  const head = [
    'stored tasks',
    'start to first task, s',
    'memory, MiB',
    'with mapped pages, MiB',
    'appends/s',
    'range',
    'p50 ms',
    'p99 ms',
    'of the smallest',
  ]
  const rows = sizes.map((size) => {
    const appends = at('stored-appends', size)
    const { min, max } = spreadOf(appends?.values ?? [])
    return [
      size.toLocaleString('en-US'),
      median(at('stored-open', size)),
      median(at('stored-memory', size)),
      median(at('stored-resident', size)),
      median(appends),
      `${figure(min)} to ${figure(max)}`,
      middle(appends, (run) => run.p50Ms),
      middle(appends, (run) => run.p99Ms),
      `${median(at('stored-appends-kept', size))} x`,
    ]
  })
  return { head, rows }
}

function deliveryTable(sizes: readonly number[], at: Find): Table {
  const rows = sizes.map((size) => [
    size.toLocaleString('en-US'),
    median(at('delivery', size)),
    median(at('delivery-growth', size)),
    `${median(at('delivery-growth-kept', size))} x`,
  ])
  return { head: ['due tasks', 'tasks/s', 'growth of memory at most, MiB', 'of the fewest'], rows }
}

function median(measurement: Measurement | undefined): string {
  return figure(spreadOf(measurement?.values ?? []).median)
}

function middle(measurement: Measurement | undefined, pick: (run: Run) => number | null): string {
  const values = (measurement?.runs ?? []).map(pick).filter((value) => value !== null)
  return figure(spreadOf(values).median)
}
