/**
 * `npm run bench`: measures Tenure and its rivals side by side and prints the comparison.
 *
 *   npm run bench                              all, and writes bench/RESULTS.json, RESULTS.md and plots
 *   npm run bench -- --quick                   a short look
 *   npm run bench -- --only pairs,idle         some workloads
 *   npm run bench -- --subjects redis,etcd     some subjects
 *   npm run bench -- --costs                   what a node and a session take of a server's memory
 *   npm run bench -- --scale                   a server with very many stored tasks, and writes bench/SCALE.json, SCALE.md and plots
 *   npm run bench -- --tables                  measures nothing, and makes tables and plots again of RESULTS.json and SCALE.json
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measureCosts } from './costs.ts'
import { AbsentError } from './machine/program.ts'
import { measure } from './measure.ts'
import type { Measurement } from './measurement.ts'
import {
  FULL,
  FULL_COSTS,
  FULL_SCALE,
  type PlannedWorkload,
  QUICK,
  QUICK_COSTS,
  QUICK_SCALE,
  type Scale,
} from './plan.ts'
import { asText, type Outcome } from './report/document.ts'
import { keep, keptName, remake } from './report/files.ts'
import { machineFacts } from './report/machine.ts'
import { measureScale } from './scale.ts'
import { SUBJECTS } from './subjects/index.ts'
import type { Subject } from './subjects/subject.ts'
import { tenureServer } from './subjects/tenure-server.ts'

const HOME = fileURLToPath(new URL('..', import.meta.url))
const RESULTS = join(HOME, 'results')

async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      subjects: { type: 'string' },
      scale: { type: 'boolean', default: false },
      costs: { type: 'boolean', default: false },
      tables: { type: 'boolean', default: false },
    },
  })
  if (values.tables) return remake(SUBJECTS, HOME)
  if (values.costs) {
    for (const line of await measureCosts(values.quick ? QUICK_COSTS : FULL_COSTS))
      console.log(line)
    return
  }
  const only = values.only?.split(',')
  const ids = values.subjects?.split(',')
  const machine = machineFacts()
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ')
  const measured = values.scale
    ? await measureStored(values.quick ? QUICK_SCALE : FULL_SCALE)
    : await measureAll(
        (values.quick ? QUICK : FULL).filter(({ name }) => only?.includes(name) ?? true),
        SUBJECTS.filter(({ id }) => ids?.includes(id) ?? true),
      )
  const outcome: Outcome = { command, machine, isScale: values.scale, ...measured }

  console.log(`\n${asText(outcome, SUBJECTS)}`)
  await mkdir(RESULTS, { recursive: true })
  const raw = join(RESULTS, `${machine.date.replaceAll(':', '-')}.json`)
  await writeFile(raw, `${JSON.stringify(outcome, null, 2)}\n`)
  // A part of the picture must not replace the whole.
  const isWhole = !values.quick && only === undefined && ids === undefined
  if (isWhole) await keep(outcome, SUBJECTS, HOME)
  console.log(`\nRaw figures: ${raw}${isWhole ? `; tables: bench/${keptName(outcome)}.md` : ''}`)
}

type Results = Pick<Outcome, 'measurements' | 'versions' | 'skipped'>

async function measureStored(plan: Scale): Promise<Results> {
  const { measurements, version, failure } = await measureScale(plan, RESULTS)
  if (failure !== null) process.exitCode = 1
  const skipped =
    failure === null ? [] : [`FAILED, and all that should have followed: ${failure.message}`]
  return { measurements, versions: { [tenureServer.id]: version }, skipped }
}

async function measureAll(
  plan: readonly PlannedWorkload[],
  subjects: readonly Subject[],
): Promise<Results> {
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
