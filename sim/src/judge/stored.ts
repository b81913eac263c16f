/**
 * What is durable, commit by commit: nothing else may be seen, and what was said to be done must be in it.
 *
 * Keys and values are read as the kernel's `rows/keys.ts` lays them out.
 */
import type { Write, WriteSet } from '@tenure/kernel'
import type { SemaphoreMessage } from '@tenure/protocol'
import type { Process } from '../machine/process.ts'
import type { Ground, Verdicts } from './ground.ts'

const SESSION_TAG = 0x10
const SEMAPHORE_TAG = 0x20
/** Before the data in the row of a semaphore: version, flags, limit. */
const SEMAPHORE_HEAD_BYTES = 10

/** The data of a semaphore from one moment to the next change. */
interface Version {
  readonly fromMs: number
  /** null: it does not exist. */
  readonly data: string | null
}

export class Stored {
  readonly #ground: Ground
  readonly #verdicts: Verdicts
  readonly #ended: (process: Process, sessionId: bigint) => void
  readonly #sessions = new Set<bigint>()
  readonly #versions = new Map<string, Version[]>()

  /** @param ended called when the end of a session was written by a process */
  constructor(
    ground: Ground,
    verdicts: Verdicts,
    ended: (process: Process, sessionId: bigint) => void,
  ) {
    this.#ground = ground
    this.#verdicts = verdicts
    this.#ended = ended
  }

  /** A commit of a process has taken effect. */
  written(process: Process, writes: WriteSet): void {
    for (const write of writes) this.#take(process, write)
  }

  get sessions(): number {
    return this.#sessions.size
  }

  hasSession(id: bigint): boolean {
    return this.#sessions.has(id)
  }

  /** L3: what a describe shows was durable between its question and its answer. */
  shown({ name, ephemeral, data }: SemaphoreMessage, askedMs: number): void {
    if (ephemeral) return
    const text = textOf(data)
    const versions = this.#versions.get(name) ?? []
    const isKnown = versions.some((version, at) => {
      const untilMs = versions[at + 1]?.fromMs ?? Infinity
      return version.data === text && untilMs >= askedMs
    })
    if (isKnown) return
    const stored = versions.at(-1)?.data ?? 'nothing'
    const problem = `"${name}" was shown with "${text}", which was not stored then; "${stored}" is`
    this.#verdicts.violate('L3', problem)
  }

  #take(process: Process, write: Write): void {
    if (write.kind === 'delete-range') return
    const { key } = write
    if (key[0] === SESSION_TAG) {
      const id = Buffer.from(key).readBigUInt64BE(1)
      if (write.kind === 'put') this.#sessions.add(id)
      else if (this.#sessions.delete(id)) this.#ended(process, id)
    } else if (key[0] === SEMAPHORE_TAG) {
      const data = write.kind === 'put' ? textOf(write.value.subarray(SEMAPHORE_HEAD_BYTES)) : null
      this.#keep(textOf(key.subarray(1)), data)
    }
  }

  #keep(name: string, data: string | null): void {
    const version = { fromMs: this.#ground.schedule.nowMs, data }
    const versions = this.#versions.get(name)
    if (versions === undefined) this.#versions.set(name, [version])
    else versions.push(version)
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}
