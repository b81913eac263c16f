/**
 * Counts the operations of a running closed loop, window by window. The loop does not stop between windows.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { processorMs } from '../machine/usage.ts'
import type { LoadTask, Run } from '../measurement.ts'
import { percentile, Samples } from '../statistics.ts'

export class Meter {
  #samples = new Samples()
  #running = true

  /** False when the loop must end. */
  get running(): boolean {
    return this.#running
  }

  /** One operation has ended that took `tookMs`. */
  record(tookMs: number): void {
    this.#samples.add(tookMs)
  }

  /**
   * Measures while `loop` runs, then ends it.
   *
   * @param loop ends by itself once `running` is false; when it ends before, the measurement fails
   */
  async measure(task: LoadTask, loop: Promise<unknown>): Promise<Run[]> {
    const ended = loop.then(() => {
      throw new Error('the load ended before the measurement')
    })
    const runs: Run[] = []
    try {
      await Promise.race([delay(task.warmUpMs), ended])
      for (let run = 0; run < task.runs; run++) {
        runs.push(await Promise.race([this.#window(task), ended]))
      }
    } finally {
      this.#running = false
      ended.catch(() => {})
    }
    return runs
  }

  async #window(task: LoadTask): Promise<Run> {
    const samples = new Samples()
    this.#samples = samples
    const server = (): number | null =>
      task.serverPid === null ? null : processorMs(task.serverPid)
    const serverMs = server()
    const client = process.cpuUsage()
    const startMs = performance.now()
    await delay(task.runMs)
    const elapsedMs = performance.now() - startMs
    const used = process.cpuUsage(client)
    const serverEndMs = server()
    const ascending = samples.ascending()
    return {
      operations: ascending.length,
      elapsedMs,
      p50Ms: percentile(ascending, 0.5),
      p99Ms: percentile(ascending, 0.99),
      clientCores: (used.user + used.system) / 1000 / elapsedMs,
      serverCores:
        serverMs === null || serverEndMs === null ? null : (serverEndMs - serverMs) / elapsedMs,
    }
  }
}
