/**
 * What a server with very many stored tasks costs: to open it, in memory, per append; and whether it hands out very many in their order.
 */
import { load } from './machine/load-process.ts'
import { watchMemory } from './machine/memory.ts'
import { discard, scratch } from './machine/scratch.ts'
import type { LoadReport, LoadTask, Measurement, ScaleName } from './measurement.ts'
import type { Scale } from './plan.ts'
import { spreadOf } from './statistics.ts'
import type { Running } from './subjects/subject.ts'
import { tenureServer } from './subjects/tenure-server.ts'

const MIB = 1_048_576
/** Much more than a task takes, so that a store is filled on a busy machine too. */
const FILL_MS_PER_TASK = 1

export async function measureScale(plan: Scale, below: string): Promise<Scaled> {
  const folder = await scratch(below)
  const scaling = new Scaling(plan, folder)
  let failure: Error | null = null
  try {
    for (const size of plan.sizes) await scaling.measure(size)
    for (const tasks of plan.deliveries) await scaling.deliver(tasks)
  } catch (error) {
    // What was measured before took a quarter of an hour.
    failure = error instanceof Error ? error : new Error(String(error))
  } finally {
    await discard(folder)
  }
  return { version: scaling.version, measurements: scaling.measurements, failure }
}

export interface Scaled {
  readonly version: string
  readonly measurements: readonly Measurement[]
  /** What ended it early; null when nothing did. */
  readonly failure: Error | null
}

class Scaling {
  readonly measurements: Measurement[] = []
  version = ''
  readonly #plan: Scale
  readonly #folder: string
  #filled = 0
  #firstAppends = 0
  #firstGrowth = 0

  constructor(plan: Scale, folder: string) {
    this.#plan = plan
    this.#folder = folder
  }

  async measure(size: number): Promise<void> {
    console.log(`scale: ${size.toLocaleString('en-US')} stored tasks`)
    await this.#fill('fill-later', size - this.#filled)
    this.#filled = size
    const opens: number[] = []
    for (let run = 1; run < this.#plan.runs; run++) {
      const running = await this.#open(opens)
      await running.stop('SIGKILL')
    }
    const running = await this.#open(opens)
    try {
      this.#add('stored-open', size, opens)
      await this.#append(size, running)
    } finally {
      await running.stop()
    }
  }

  async deliver(tasks: number): Promise<void> {
    console.log(`scale: ${tasks.toLocaleString('en-US')} due tasks`)
    await this.#fill('fill-due', tasks)
    const running = await this.#open([])
    try {
      const report = await this.#load('delivery', tasks, running)
      if (report.kind !== 'delivered') throw new Error('nothing was delivered')
      const { elapsedMs, beforeBytes, mostBytes } = report
      this.#add('delivery', tasks, [(report.tasks * 1000) / elapsedMs])
      const growth = (mostBytes - beforeBytes) / MIB
      if (this.#firstGrowth === 0) this.#firstGrowth = growth
      this.#add('delivery-growth', tasks, [growth])
      this.#add('delivery-growth-kept', tasks, [growth / this.#firstGrowth])
    } finally {
      await running.stop()
    }
  }

  /** Starts the server and opens a task, which is the first thing that needs the store. */
  async #open(seconds: number[]): Promise<Running> {
    const startMs = performance.now()
    const running = await tenureServer.start(this.#folder)
    const visitor = await tenureServer.visit(running.address)
    await visitor.writers?.(1, 1)
    seconds.push((performance.now() - startMs) / 1000)
    await visitor.close()
    this.version = running.version
    return running
  }

  async #append(size: number, running: Running): Promise<void> {
    if (running.pid === null) throw new Error('memory is measured only of a server of its own')
    const { result: report, most } = await watchMemory(running.pid, () =>
      this.#load('appends', this.#plan.writers, running),
    )
    this.#add('stored-memory', size, [most.anonymousBytes / MIB])
    this.#add('stored-resident', size, [most.residentBytes / MIB])
    const runs = report.kind === 'runs' ? report.runs : []
    const perSecond = runs.map(({ operations, elapsedMs }) => (operations * 1000) / elapsedMs)
    this.measurements.push({ ...ofScale('stored-appends', size), values: perSecond, runs })
    if (this.#firstAppends === 0) this.#firstAppends = spreadOf(perSecond).median
    this.#add('stored-appends-kept', size, [spreadOf(perSecond).median / this.#firstAppends])
  }

  async #fill(workload: 'fill-later' | 'fill-due', tasks: number): Promise<void> {
    const fillMs = tasks * FILL_MS_PER_TASK
    const timing = { warmUpMs: 0, runMs: fillMs, runs: 1 }
    const server = { address: `file:${this.#folder}`, serverPid: null }
    await load({ ...timing, ...server, subject: 'tenure-file', workload, size: tasks }, 'all')
  }

  #load(workload: LoadTask['workload'], size: number, running: Running): Promise<LoadReport> {
    const { warmUpMs, runMs, runs } = this.#plan
    const { address, pid: serverPid } = running
    const timing =
      workload === 'delivery'
        ? { warmUpMs: 0, runMs: size * FILL_MS_PER_TASK, runs: 1 }
        : { warmUpMs, runMs, runs }
    return load(
      { ...timing, subject: tenureServer.id, workload, size, address, serverPid },
      'client',
    )
  }

  #add(workload: ScaleName, size: number, values: readonly number[]): void {
    this.measurements.push({ ...ofScale(workload, size), values, runs: [] })
  }
}

function ofScale(
  workload: ScaleName,
  size: number,
): Pick<Measurement, 'workload' | 'size' | 'subject'> {
  return { workload, size, subject: tenureServer.id }
}
