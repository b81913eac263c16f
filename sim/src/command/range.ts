/** Runs a range of seeds on all cores, until the first failure. */
import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Mark } from '../report/marks.ts'
import type { Chunk, ChunkReport, Failure } from './chunk.ts'

export interface RangeOptions {
  readonly from: number
  readonly seeds: number
  /** For the processes that run the seeds, beside that of this one. */
  readonly environment?: NodeJS.ProcessEnv
  readonly execArgv?: readonly string[]
  readonly processes?: number
  progress(done: Progress): void
}

interface Progress {
  readonly seeds: number
  readonly virtualMs: number
  readonly unjudged: number
}

export interface RangeReport extends Progress {
  readonly marks: readonly Mark[]
  /** Of the lowest seed that failed, as far as the others had come by then. */
  readonly failure: Failure | null
}

/** Runs the sources, whatever runs the process that asks. */
export const SOURCE_ARGV: readonly string[] = ['--import', 'tsx', '--conditions=@tenure/source']

const CHUNK_SEEDS = 25
const PROGRAM = join(import.meta.dirname, 'chunk-process.ts')

export async function runRange(options: RangeOptions): Promise<RangeReport> {
  const range = new Range(options)
  const processes = options.processes ?? availableParallelism()
  await Promise.all(Array.from({ length: processes }, () => range.work()))
  return range.report
}

class Range {
  readonly #options: RangeOptions
  readonly #marks = new Set<Mark>()
  #next: number
  #seeds = 0
  #virtualMs = 0
  #unjudged = 0
  #failure: Failure | null = null

  constructor(options: RangeOptions) {
    this.#options = options
    this.#next = options.from
  }

  get report(): RangeReport {
    return {
      seeds: this.#seeds,
      virtualMs: this.#virtualMs,
      unjudged: this.#unjudged,
      marks: [...this.#marks].toSorted(),
      failure: this.#failure,
    }
  }

  async work(): Promise<void> {
    const { environment, execArgv = SOURCE_ARGV } = this.#options
    const child = fork(PROGRAM, [], {
      execArgv: [...execArgv],
      env: { ...process.env, ...environment },
    })
    try {
      for (let chunk = this.#take(); chunk !== null; chunk = this.#take()) {
        this.#add(await ask(child, chunk))
      }
    } finally {
      child.kill('SIGKILL')
    }
  }

  #take(): Chunk | null {
    const { from, seeds } = this.#options
    if (this.#failure !== null || this.#next >= from + seeds) return null
    const chunk = { from: this.#next, to: Math.min(this.#next + CHUNK_SEEDS, from + seeds) }
    this.#next = chunk.to
    return chunk
  }

  #add({ seeds, virtualMs, unjudged, marks, failure }: ChunkReport): void {
    this.#seeds += seeds
    this.#virtualMs += virtualMs
    this.#unjudged += unjudged
    for (const mark of marks) this.#marks.add(mark)
    if (failure !== null && (this.#failure === null || failure.seed < this.#failure.seed)) {
      this.#failure = failure
    }
    this.#options.progress(this.report)
  }
}

function ask(child: ChildProcess, chunk: Chunk): Promise<ChunkReport> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => {
      reject(new Error(`the process with seeds ${chunk.from} to ${chunk.to - 1} ended: ${code}`))
    }
    child.once('exit', ended)
    child.once('message', (report: ChunkReport) => {
      child.off('exit', ended)
      resolve(report)
    })
    child.send(chunk)
  })
}
