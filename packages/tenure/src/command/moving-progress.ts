/** Tells how far a move has come, now and then, when it takes long. */
import type { Moved } from '@tenure/server'
import type { CommandContext } from './context.ts'

const TOLD_EVERY_MS = 5_000

export class MovingProgress {
  readonly #context: CommandContext
  #toldMs: number

  constructor(context: CommandContext) {
    this.#context = context
    this.#toldMs = context.world.clock.monotonicMs()
  }

  tell(moved: Moved): void {
    const nowMs = this.#context.world.clock.monotonicMs()
    if (nowMs - this.#toldMs < TOLD_EVERY_MS) return
    this.#toldMs = nowMs
    this.#context.output.talk(`${movedText(moved)} so far`)
  }
}

/** `3 nodes with 1,200 entries, 1.5 MB`. */
export function movedText({ nodes, entries, bytes }: Moved): string {
  const counts = `${counted(nodes, 'node', 'nodes')} with ${counted(entries, 'entry', 'entries')}`
  return `${counts}, ${sizeText(bytes)}`
}

function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}

const UNITS = ['kB', 'MB', 'GB', 'TB']

function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`
  let [size, unit] = [bytes / 1_000, 0]
  while (size >= 1_000 && unit < UNITS.length - 1) {
    size /= 1_000
    unit += 1
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${UNITS[unit]}`
}
