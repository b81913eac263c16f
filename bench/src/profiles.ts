/** Where the time of each workload goes at its largest size: Tenure's own processes, profiled, which makes them slower. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { profileInto } from './machine/profile.ts'
import { measure } from './measure.ts'
import type { WorkloadName } from './measurement.ts'
import type { PlannedWorkload } from './plan.ts'
import { type Profile, type Shares, sharesOf } from './report/where-time-goes.ts'
import type { Subject } from './subjects/subject.ts'
import { tenureFile } from './subjects/tenure-process.ts'
import { tenureServer, tenureYdb } from './subjects/tenure-server.ts'

export interface Profiled {
  readonly workload: WorkloadName
  readonly size: number
  readonly subject: string
  readonly process: 'server' | 'client' | 'one process'
  readonly shares: Shares
}

const SUBJECTS: readonly Subject[] = [tenureServer, tenureYdb, tenureFile]
/** Of these there is no loop that could be profiled. */
const NO_LOOP: ReadonlySet<WorkloadName> = new Set<WorkloadName>(['restart', 'idle'])

export async function measureProfiles(
  plan: readonly PlannedWorkload[],
  below: string,
): Promise<Profiled[]> {
  const profiled: Profiled[] = []
  for (const workload of plan.filter(({ name }) => !NO_LOOP.has(name))) {
    for (const subject of SUBJECTS.filter(({ workloads }) => workloads.has(workload.name))) {
      console.log(`${workload.name}: ${subject.title}`)
      const largest = { ...workload, sizes: workload.sizes.slice(-1) }
      profiled.push(...(await profile(subject, largest, below)))
    }
  }
  return profiled
}

async function profile(
  subject: Subject,
  workload: PlannedWorkload,
  below: string,
): Promise<Profiled[]> {
  const folder = await mkdtemp(join(below, 'profiles-'))
  try {
    profileInto(folder)
    await measure(subject, workload, below)
    const names = (await readdir(folder)).toSorted()
    return await Promise.all(
      names.map(async (name) => {
        const content: Profile = JSON.parse(await readFile(join(folder, name), 'utf8'))
        const isServer = name.startsWith('tenure-serve-')
        const ofTwo = isServer ? 'server' : 'client'
        return {
          workload: workload.name,
          size: workload.sizes[0] ?? 0,
          subject: subject.title,
          process: names.length === 1 ? 'one process' : ofTwo,
          shares: sharesOf(content),
        } as const
      }),
    )
  } finally {
    profileInto(null)
    await rm(folder, { recursive: true, force: true })
  }
}
