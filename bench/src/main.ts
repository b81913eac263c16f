/**
 * `npm run bench`: measures Tenure and its rivals side by side and prints the comparison.
 *
 *   npm run bench                              all, and writes bench/RESULTS.md
 *   npm run bench -- --quick                   a short look
 *   npm run bench -- --only pairs,idle         some workloads
 *   npm run bench -- --subjects redis,etcd     some subjects
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { AbsentError } from './machine/program.ts'
import { measure } from './measure.ts'
import type { Measurement } from './measurement.ts'
import { FULL, QUICK, type PlannedWorkload } from './plan.ts'
import { asMarkdown, asText, type Outcome } from './report/document.ts'
import { machineFacts } from './report/machine.ts'
import { SUBJECTS } from './subjects/index.ts'
import type { Subject } from './subjects/subject.ts'

const HOME = fileURLToPath(new URL('..', import.meta.url))
const RESULTS = join(HOME, 'results')

async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      subjects: { type: 'string' },
    },
  })
  const only = values.only?.split(',')
  const ids = values.subjects?.split(',')
  const plan = (values.quick ? QUICK : FULL).filter(({ name }) => only?.includes(name) ?? true)
  const subjects = SUBJECTS.filter(({ id }) => ids?.includes(id) ?? true)
  const machine = machineFacts()
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ')
  const outcome: Outcome = { command, machine, ...(await measureAll(plan, subjects)) }

  console.log(`\n${asText(outcome, SUBJECTS)}`)
  await mkdir(RESULTS, { recursive: true })
  const raw = join(RESULTS, `${machine.date.replaceAll(':', '-')}.json`)
  await writeFile(raw, `${JSON.stringify(outcome, null, 2)}\n`)
  // A part of the picture must not replace the whole.
  const whole = !values.quick && only === undefined && ids === undefined
  if (whole) await writeFile(join(HOME, 'RESULTS.md'), asMarkdown(outcome, SUBJECTS))
  console.log(`\nRaw figures: ${raw}${whole ? '; tables: bench/RESULTS.md' : ''}`)
}

async function measureAll(
  plan: readonly PlannedWorkload[],
  subjects: readonly Subject[],
): Promise<Pick<Outcome, 'measurements' | 'versions' | 'skipped'>> {
  const measurements: Measurement[] = []
  const versions: Record<string, string> = {}
  const skipped = new Set<string>()
  for (const workload of plan) {
    for (const subject of subjects.filter(({ workloads }) => workloads.has(workload.name))) {
      console.log(`${workload.name}: ${subject.title}`)
      try {
        const measured = await measure(subject, workload, RESULTS)
        measurements.push(...measured.measurements)
        versions[subject.id] = measured.version
      } catch (error) {
        const missing = error instanceof AbsentError
        const reason = missing ? error.message : `failed: ${String(error)}`
        const line = `SKIPPED ${missing ? '' : `${workload.name}, `}${subject.title}: ${reason}`
        console.error(line)
        skipped.add(line)
        if (!missing) process.exitCode = 1
      }
    }
  }
  return { measurements, versions, skipped: [...skipped] }
}

// An exit takes servers and folders along; a signal alone would leave them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

await run(process.argv.slice(2))
