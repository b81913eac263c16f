/**
 * Fills a store with stored tasks of one record: by the kernel and the engine alone, in the largest commits, because ten millions by way of a
 * client would take an hour.
 */
import { openFileEngine } from '@tenure/engine/file'
import type { Partition } from '@tenure/engine'
import {
  type Command,
  KEY_RANGE_LOADED,
  Kernel,
  type SessionId,
  type Step,
  UNBOUNDED_REPEATS,
  type Write,
} from '@tenure/kernel'
import { recordsOf } from '../subjects/record-bytes.ts'

export interface Filling {
  readonly folder: string
  /** The coordination node. */
  readonly path: string
  readonly theme: number
  readonly tasks: number
  /** Whole seconds; the delays of the tasks are spread from the first to the second. */
  readonly delaySeconds: readonly [least: number, most: number]
}

const RECORD_BYTES = 256
/** Rows that an opened and stored task writes, and their bytes; something more. */
const WRITES_PER_TASK = 6
const BYTES_PER_TASK = 512
const STREAM = 1

export async function fill(filling: Filling): Promise<void> {
  const engine = await openFileEngine(filling.folder)
  try {
    const partition = await engine.claim(filling.path, { id: 'bench', address: '' })
    const store = new Filler(await kernelOf(partition), partition)
    await store.fill(filling)
    await partition.close()
  } finally {
    await engine.close()
  }
}

async function kernelOf(partition: Partition): Promise<Kernel> {
  const kernel = new Kernel()
  for await (const entry of partition.scan(KEY_RANGE_LOADED)) kernel.load(entry)
  kernel.outside(Date.now(), 0)
  kernel.start(performance.now(), partition.epoch)
  return kernel
}

class Filler {
  readonly #kernel: Kernel
  readonly #partition: Partition
  #writes: Write[] = []

  constructor(kernel: Kernel, partition: Partition) {
    this.#kernel = kernel
    this.#partition = partition
  }

  async fill({ theme, tasks, delaySeconds: [least, most] }: Filling): Promise<void> {
    const { maxOperations, maxBytes } = this.#partition.limits
    const perCommit = Math.floor(
      Math.min(maxOperations / WRITES_PER_TASK, maxBytes / BYTES_PER_TASK),
    )
    const session = this.#begin(theme)
    await this.#commit()
    const record = recordsOf(RECORD_BYTES)
    for (let task = 0; task < tasks; task++) {
      const delaySeconds = least + (task % (most - least + 1))
      this.#addTask(session, { theme, record: record(), delaySeconds })
      if ((task + 1) % perCommit === 0) await this.#commit()
    }
    this.#apply({ kind: 'stop', session, stream: STREAM, requestId: 0n })
    await this.#commit()
  }

  #begin(theme: number): SessionId {
    const asked = { stream: STREAM, requestId: 0n } as const
    const config = {
      selfCheckPeriodMs: 0,
      sessionGracePeriodMs: 0,
      readConsistency: 'unset',
      attachConsistency: 'unset',
      rateLimiterCounters: 'unset',
    } as const
    this.#apply({ ...asked, kind: 'create-node', config })
    this.#apply({
      ...asked,
      kind: 'configure-theme',
      config: {
        theme,
        name: 'bench',
        handler: '',
        handlerSeconds: 0,
        delaySeconds: 0,
        jitterSeconds: 0,
        concurrency: 1,
        repeatsMax: UNBOUNDED_REPEATS,
        taskBytesMax: RECORD_BYTES,
      },
    })
    const { events } = this.#apply({
      ...asked,
      kind: 'attach',
      session: 0n,
      timeoutMs: 60_000n,
      description: '',
      sequenceNumber: 0n,
      protectionKey: new Uint8Array(0),
    })
    const attached = events.find(({ kind }) => kind === 'attached')
    if (attached?.kind !== 'attached') throw new Error('no session')
    return attached.session
  }

  #addTask(
    session: SessionId,
    { theme, record, delaySeconds }: { theme: number; record: Uint8Array; delaySeconds: number },
  ): void {
    // Written out, in one shape each: objects of many shapes cost several times as much.
    const asked = {
      kind: 'open-task',
      stream: STREAM,
      requestId: 0n,
      session,
      theme,
      record,
    } as const
    const [opened] = this.#apply(asked).events
    if (opened?.kind !== 'task-opened') throw new Error(`no task: ${String(opened?.kind)}`)
    const { task } = opened
    this.#apply({
      kind: 'store-task',
      stream: STREAM,
      requestId: 0n,
      session,
      task,
      attempt: 0,
      delaySeconds,
      failure: '',
    })
  }

  #apply(command: Command): Step {
    this.#kernel.outside(Date.now(), 0)
    const step = this.#kernel.apply(command, performance.now())
    for (const write of step.writes) this.#writes.push(write)
    return step
  }

  async #commit(): Promise<void> {
    const writes = [...this.#kernel.seal(), ...this.#writes]
    this.#writes = []
    await this.#partition.commit(writes)
  }
}
