/**
 * What is kept of a whole run: its raw figures, and made of them the tables and the plots.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Subject } from '../subjects/subject.ts'
import { svgOf } from './chart.ts'
import { asMarkdown, chartsOf, type Outcome, plotOf } from './document.ts'

/** Names of the two runs of which something is kept. */
const KEPT = ['RESULTS', 'SCALE'] as const

export function keptName({ isScale }: Outcome): (typeof KEPT)[number] {
  return isScale ? 'SCALE' : 'RESULTS'
}

export async function keep(
  outcome: Outcome,
  subjects: readonly Subject[],
  folder: string,
): Promise<void> {
  const file = join(folder, keptName(outcome))
  await writeFile(`${file}.json`, `${JSON.stringify(outcome, null, 2)}\n`)
  await writeTables(outcome, subjects, folder)
}

/** Makes tables and plots again of the raw figures that are kept. */
export async function remake(subjects: readonly Subject[], folder: string): Promise<void> {
  for (const name of KEPT) {
    const outcome: Outcome = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'))
    await writeTables(outcome, subjects, folder)
  }
}

async function writeTables(
  outcome: Outcome,
  subjects: readonly Subject[],
  folder: string,
): Promise<void> {
  const file = join(folder, keptName(outcome))
  await writeFile(`${file}.md`, asMarkdown(outcome, subjects))
  for (const chart of chartsOf(outcome, subjects)) {
    const plot = join(folder, plotOf(chart))
    await mkdir(dirname(plot), { recursive: true })
    await writeFile(plot, svgOf(chart))
  }
}
