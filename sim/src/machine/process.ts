/**
 * A simulated process: an event loop with timers, input and turns after input, on a clock of its own.
 *
 * The order within a turn is Node's: overdue timers, then input that has arrived, then what was put off until after input.
 * A paused process does nothing, and does not know that it slept; a dead one is never heard of again, whatever its code
 * still awaits.
 */
import type { Random } from '../random.ts'
import type { Schedule } from './schedule.ts'

export interface ProcessOptions {
  readonly name: string
  readonly schedule: Schedule
  readonly random: Random
  /** How fast its clock runs: 1 is right. */
  readonly rate: number
  /** How late a turn may begin, for a machine that is busy with other things. */
  readonly lagMs: number
}

interface ProcessTimer {
  readonly dueMs: number
  readonly order: number
  readonly fire: () => void
  isLive: boolean
  cancel(): void
}

type Job = () => void

export class Process {
  readonly name: string
  readonly #schedule: Schedule
  readonly #random: Random
  readonly #rate: number
  readonly #lagMs: number
  readonly #bornMs: number
  /** So that no code can take one process's time for another's. */
  readonly #clockOffsetMs: number
  readonly #crashListeners: Job[] = []
  readonly #pauseListeners: Job[] = []
  readonly #resumeListeners: Job[] = []
  #alive = true
  #paused = false
  #pauses = 0
  #fuse = Infinity
  #timers = 0
  #due: ProcessTimer[] = []
  #input: Job[] = []
  #afterInput: Job[] = []
  #phase: 'idle' | 'timers' | 'input' | 'after-input' = 'idle'
  #jobs: Job[] = []
  #isScheduled = false

  constructor(options: ProcessOptions) {
    this.name = options.name
    this.#schedule = options.schedule
    this.#random = options.random
    this.#rate = options.rate
    this.#lagMs = options.lagMs
    this.#bornMs = options.schedule.nowMs
    this.#clockOffsetMs = options.random.whole(0, 1_000_000)
  }

  get alive(): boolean {
    return this.#alive
  }

  get paused(): boolean {
    return this.#paused
  }

  /** How often it was paused. */
  get pauses(): number {
    return this.#pauses
  }

  monotonicMs(): number {
    return this.#clockOffsetMs + (this.#schedule.nowMs - this.#bornMs) * this.#rate
  }

  after(delayMs: number, fire: Job): { cancel(): void } {
    this.touch()
    const waitMs = Math.max(1, Math.ceil(delayMs))
    const timer: ProcessTimer = {
      dueMs: this.monotonicMs() + waitMs,
      order: (this.#timers += 1),
      fire,
      isLive: true,
      cancel() {
        timer.isLive = false
        scheduled.cancel()
      },
    }
    const scheduled = this.#schedule.after(waitMs / this.#rate, () => {
      if (!this.#alive || !timer.isLive) return
      this.#due.push(timer)
      this.#wake()
    })
    return timer
  }

  afterInput(turn: Job): void {
    this.#afterInput.push(turn)
    this.#wake()
  }

  /** Something has arrived from outside: a message, or the answer of a disk. */
  input(job: Job): void {
    if (!this.#alive) return
    this.#input.push(job)
    this.#wake()
  }

  /** Every way out of the process passes here: the moments at which it may be made to die. */
  touch(): void {
    if (this.#fuse === Infinity || !this.#alive) return
    this.#fuse -= 1
    if (this.#fuse <= 0) this.crash()
  }

  /** Lets it die at its `ways`-th way out from here on, in the middle of whatever it does then. */
  lightFuse(ways: number): void {
    this.#fuse = ways
  }

  crash(): void {
    if (!this.#alive) return
    this.#alive = false
    this.#due = []
    this.#input = []
    this.#afterInput = []
    this.#jobs = []
    for (const listener of this.#crashListeners) listener()
  }

  onCrash(listener: Job): void {
    this.#crashListeners.push(listener)
  }

  onPause(listener: Job): void {
    this.#pauseListeners.push(listener)
  }

  onResume(listener: Job): void {
    this.#resumeListeners.push(listener)
  }

  pause(): void {
    this.#paused = true
    this.#pauses += 1
    for (const listener of this.#pauseListeners) listener()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    for (const listener of this.#resumeListeners) listener()
    if (this.#alive) this.#wake()
  }

  #wake(): void {
    if (this.#isScheduled || this.#paused) return
    this.#isScheduled = true
    this.#schedule.after(this.#random.fraction() * this.#lagMs, this.#step)
  }

  /** One callback; promises settle before the next. */
  readonly #step = (): void => {
    this.#isScheduled = false
    if (!this.#alive || this.#paused) return
    const job = this.#next()
    if (job === undefined) return
    this.#isScheduled = true
    this.#schedule.after(0, this.#step)
    job()
  }

  #next(): Job | undefined {
    // Each phase once, begun at the one after the present: the last pass over an idle loop finds nothing.
    for (let phases = 0; phases <= 3; phases += 1) {
      const job = this.#jobs.shift()
      if (job !== undefined) return job
      this.#turn()
    }
    this.#phase = 'idle'
    return undefined
  }

  #turn(): void {
    if (this.#phase === 'timers') {
      this.#phase = 'input'
      this.#jobs = this.#input
      this.#input = []
    } else if (this.#phase === 'input') {
      this.#phase = 'after-input'
      this.#jobs = this.#afterInput
      this.#afterInput = []
    } else {
      this.#phase = 'timers'
      const due = this.#due.toSorted(
        (one, other) => one.dueMs - other.dueMs || one.order - other.order,
      )
      this.#due = []
      this.#jobs = due.map((timer) => () => {
        if (timer.isLive) timer.fire()
      })
    }
  }
}
