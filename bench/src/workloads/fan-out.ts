/**
 * One value that everybody watches: one operation is one delivery to one watcher, timed from the call that published.
 *
 * The next version is published when all have seen the last one: watches that skip to the latest state and
 * watches that deliver every change then do the same work.
 */
import type { LoadReport, LoadTask } from '../measurement.ts'
import type { Board, Visitor } from '../subjects/subject.ts'
import { Meter } from './meter.ts'

export async function fanOut(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  if (visitor.board === undefined) throw new Error('this subject has no watch')
  const meter = new Meter()
  const round = new Round(task.size, meter)
  const board = await visitor.board(task.size, (version) => round.seen(version))
  return { kind: 'runs', runs: await meter.measure(task, loop(board, round, meter)) }
}

async function loop(board: Board, round: Round, meter: Meter): Promise<void> {
  for (let version = 1; meter.running; version++) {
    const everybody = round.begin(version)
    await board.publish(version)
    await everybody
  }
}

/** One version on its way to all watchers. */
class Round {
  readonly #watchers: number
  readonly #meter: Meter
  #version = 0
  #missing = 0
  #startMs = 0
  #complete: () => void = () => {}

  constructor(watchers: number, meter: Meter) {
    this.#watchers = watchers
    this.#meter = meter
  }

  /** @returns a promise that resolves when every watcher has seen the version */
  begin(version: number): Promise<void> {
    this.#version = version
    this.#missing = this.#watchers
    this.#startMs = performance.now()
    return new Promise((resolve) => {
      this.#complete = resolve
    })
  }

  seen(version: number): void {
    if (version !== this.#version) return
    this.#meter.record(performance.now() - this.#startMs)
    this.#missing--
    if (this.#missing === 0) this.#complete()
  }
}
