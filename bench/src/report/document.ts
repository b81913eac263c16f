/**
 * The whole result as text for the terminal and as bench/RESULTS.md.
 */
import type { Measurement } from '../measurement.ts'
import type { Subject } from '../subjects/subject.ts'
import { markdownTable, textTable } from '../table.ts'
import { type Comparison, comparisons } from './comparison.ts'
import type { Chart } from './chart.ts'
import { goalTable } from './goal-table.ts'
import { describeMachine, type MachineFacts } from './machine.ts'
import { scaleTables } from './scale.ts'

export interface Outcome {
  readonly command: string
  readonly machine: MachineFacts
  /** By subject id, of the subjects that ran. */
  readonly versions: Readonly<Record<string, string>>
  /** Of a server with very many stored tasks, or of subjects side by side. */
  readonly isScale: boolean
  /** What was left out, and why. */
  readonly skipped: readonly string[]
  readonly measurements: readonly Measurement[]
}

const SCALE_LEGEND =
  'Medians of the runs, with their range. "Memory" is the most anonymous memory of the server from its start to the end of the appends. The store was filled by the kernel and the engine alone; the pages of its file may still be in the memory of the machine when it is opened.'

const LEGEND =
  'Medians of the runs, with their range. "As good as" compares with the best durable rival of this run: above 1 is better. "Cores" is processor time by elapsed time. "Durable": answered only when it is on the disk, and known after a restart.'

export function asText(outcome: Outcome, subjects: readonly Subject[]): string {
  const parts = tablesOf(outcome, subjects).map(
    ({ heading, table }) => `${heading}\n${textTable(table)}`,
  )
  const goals = goalTable(outcome.measurements, subjects)
  if (goals.rows.length > 0) parts.push(textTable(goals))
  parts.push(`Versions and settings\n${settingsOf(outcome, subjects).join('\n')}`)
  const notes = [legendOf(outcome), ...describeMachine(outcome.machine), ...outcome.skipped]
  return [...parts, notes.join('\n')].join('\n\n')
}

export function asMarkdown(outcome: Outcome, subjects: readonly Subject[]): string {
  const tables = tablesOf(outcome, subjects).map(
    ({ heading, table, chart }) =>
      `## ${heading}\n\n${chart === null ? '' : `![${heading}](${plotOf(chart)})\n\n`}${markdownTable(table)}`,
  )
  const goals = goalTable(outcome.measurements, subjects)
  return (
    [
      '# Measured',
      `Written by \`${outcome.command}\`. ${legendOf(outcome)}`,
      ...describeMachine(outcome.machine),
      ...(goals.rows.length > 0 ? [`## Goals\n\n${markdownTable(goals)}`] : []),
      ...tables,
      `## Versions and settings\n\n${settingsOf(outcome, subjects)
        .map((line) => `- ${line}`)
        .join('\n')}`,
      ...(outcome.skipped.length > 0 ? [`## Left out\n\n${outcome.skipped.join('\n\n')}`] : []),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  )
}

export function chartsOf(outcome: Outcome, subjects: readonly Subject[]): readonly Chart[] {
  return tablesOf(outcome, subjects).flatMap(({ chart }) => chart ?? [])
}

/** Where its picture is, beside the document. */
export function plotOf({ name }: Chart): string {
  return `plots/${name}.svg`
}

function legendOf({ isScale }: Outcome): string {
  return isScale ? SCALE_LEGEND : LEGEND
}

function tablesOf(outcome: Outcome, subjects: readonly Subject[]): Comparison[] {
  const { isScale, measurements } = outcome
  return isScale ? scaleTables(measurements) : comparisons(measurements, subjects)
}

function settingsOf(outcome: Outcome, subjects: readonly Subject[]): string[] {
  return subjects
    .filter(({ id }) => id in outcome.versions)
    .map(({ id, title, settings }) => `${title} (${outcome.versions[id]}): ${settings}.`)
}
