/**
 * `npm run bench`: measures Tenure and its rivals side by side and prints the comparison.
 *
 *   npm run bench                              all, and writes bench/RESULTS.json, RESULTS.md and plots
 *   npm run bench -- --quick                   a short look
 *   npm run bench -- --only pairs,idle         some workloads
 *   npm run bench -- --subjects redis,etcd     some subjects
 *   npm run bench -- --costs                   what a node and a session take of a server's memory
 *   npm run bench -- --scale                   a server with very many stored tasks, and writes bench/SCALE.json, SCALE.md and plots
 *   npm run bench -- --profiles                where the time goes, and writes bench/PROFILES.md
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
  PROFILED,
  QUICK,
  QUICK_COSTS,
  QUICK_SCALE,
  type Scale,
} from './plan.ts'
import { measureProfiles } from './profiles.ts'
import { asText, type Outcome } from './report/document.ts'
import { keep, keptName, remake } from './report/files.ts'
import { machineFacts } from './report/machine.ts'
import { profilesAsMarkdown } from './report/profile-table.ts'
import { measureScale } from './scale.ts'
import { SUBJECTS } from './subjects/index.ts'
import type { Subject } from './subjects/subject.ts'
import { tenureServer } from './subjects/tenure-server.ts'

const HOME = fileURLToPath(new URL('..', import.meta.url))
const RESULTS = join(HOME, 'results')

interface Asked {
  /** As it was typed. */
  readonly command: string
  readonly isQuick: boolean
  readonly isScale: boolean
  readonly only: readonly string[] | undefined
  readonly ids: readonly string[] | undefined
}

async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      subjects: { type: 'string' },
      scale: { type: 'boolean', default: false },
      costs: { type: 'boolean', default: false },
      profiles: { type: 'boolean', default: false },
      tables: { type: 'boolean', default: false },
    },
  })
  const asked: Asked = {
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    isQuick: values.quick,
    isScale: values.scale,
    only: values.only?.split(','),
    ids: values.subjects?.split(','),
  }
  await mkdir(RESULTS, { recursive: true })
  if (values.tables) await remake(SUBJECTS, HOME)
  else if (values.costs) await tellCosts(asked)
  else if (values.profiles) await keepProfiles(asked)
  else await compare(asked)
}

async function tellCosts({ isQuick }: Asked): Promise<void> {
  for (const line of await measureCosts(isQuick ? QUICK_COSTS : FULL_COSTS)) console.log(line)
}

async function keepProfiles({ command, only }: Asked): Promise<void> {
  const machine = machineFacts()
  const plan = PROFILED.filter(({ name }) => only?.includes(name) ?? true)
  const document = profilesAsMarkdown(await measureProfiles(plan, RESULTS), { command, machine })
  console.log(`\n${document}`)
  if (only === undefined) await writeFile(join(HOME, 'PROFILES.md'), document)
}

async function compare({ command, isQuick, isScale, only, ids }: Asked): Promise<void> {
  const machine = machineFacts()
  const measured = isScale
    ? await measureStored(isQuick ? QUICK_SCALE : FULL_SCALE)
    : await measureAll(
        (isQuick ? QUICK : FULL).filter(({ name }) => only?.includes(name) ?? true),
        SUBJECTS.filter(({ id }) => ids?.includes(id) ?? true),
      )
  const outcome: Outcome = { command, machine, isScale, ...measured }

  console.log(`\n${asText(outcome, SUBJECTS)}`)
  const raw = join(RESULTS, `${machine.date.replaceAll(':', '-')}.json`)
  await writeFile(raw, `${JSON.stringify(outcome, null, 2)}\n`)
  // A part of the picture must not replace the whole.
  const isWhole = !isQuick && only === undefined && ids === undefined
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
