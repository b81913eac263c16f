/** A client of a node's session log. */
import type { TaskHandedOut, TaskId, ThemeConfig } from '@tenure/kernel'
import { UNBOUNDED_REPEATS } from '@tenure/kernel'
import type { HostedNode } from '../../src/host/host.ts'
import { settle } from './manual-clock.ts'
import { Visitor } from './visitor.ts'

const THEME = 7

function themeOf(settings: Partial<ThemeConfig> = {}): ThemeConfig {
  return {
    theme: THEME,
    name: 'payments',
    handler: '',
    handlerSeconds: 0,
    delaySeconds: 10,
    jitterSeconds: 0,
    concurrency: 100,
    repeatsMax: UNBOUNDED_REPEATS,
    taskBytesMax: 1_048_576,
    ...settings,
  }
}

/** A task as its operator knows it. */
export interface HeldTask {
  readonly task: TaskId
  readonly attempt: number
}

export class LogVisitor extends Visitor {
  configure(settings: Partial<ThemeConfig> = {}): bigint {
    const requestId = this.nextId()
    return this.ask({ kind: 'configure-theme', requestId, config: themeOf(settings) })
  }

  open(record: string | null = null, theme: number = THEME): bigint {
    return this.ask({
      kind: 'open-task',
      requestId: this.nextId(),
      session: this.session,
      theme,
      record: record === null ? null : Buffer.from(record),
    })
  }

  append({ task, attempt }: HeldTask, record: string | Uint8Array): bigint {
    return this.ask({
      kind: 'append-task',
      requestId: this.nextId(),
      session: this.session,
      task,
      attempt,
      record: Buffer.from(record),
    })
  }

  replace({ task, attempt }: HeldTask, record: string): bigint {
    return this.ask({
      kind: 'replace-task',
      requestId: this.nextId(),
      session: this.session,
      task,
      attempt,
      record: Buffer.from(record),
    })
  }

  delete({ task, attempt }: HeldTask): bigint {
    const { session } = this
    return this.ask({ kind: 'delete-task', requestId: this.nextId(), session, task, attempt })
  }

  store({ task, attempt }: HeldTask, delaySeconds = 0): bigint {
    return this.ask({
      kind: 'store-task',
      requestId: this.nextId(),
      session: this.session,
      task,
      attempt,
      delaySeconds,
      failure: '',
    })
  }

  read({ task, attempt }: HeldTask, from = 0): bigint {
    const { session } = this
    return this.ask({ kind: 'read-task', requestId: this.nextId(), session, task, attempt, from })
  }

  handle(concurrency = 100, theme: number = THEME): bigint {
    return this.ask({
      kind: 'handle-theme',
      requestId: this.nextId(),
      session: this.session,
      theme,
      concurrency,
    })
  }

  stopHandling(target: bigint): bigint {
    const { session } = this
    return this.ask({ kind: 'stop-handling', requestId: this.nextId(), session, target })
  }

  list(state: 'active' | 'stored' | 'dead'): bigint {
    return this.ask({
      kind: 'list-tasks',
      requestId: this.nextId(),
      state,
      theme: null,
      after: new Uint8Array(0),
      limit: 0,
    })
  }

  /** The latest task that it has opened. */
  get opened(): HeldTask {
    const event = this.events.findLast((one) => one.kind === 'task-opened')
    if (event === undefined) throw new Error('no task was opened')
    return { task: event.task, attempt: 0 }
  }

  get handedOut(): TaskHandedOut[] {
    return this.events.filter((event) => event.kind === 'task-handed-out')
  }

  /** The records of all hand-outs, as text. */
  get records(): string[][] {
    return this.handedOut.map(({ records }) =>
      records.map((record) => Buffer.from(record).toString()),
    )
  }
}

/** A visitor with a session. */
export async function visitLog(node: HostedNode): Promise<LogVisitor> {
  const visitor = new LogVisitor(node)
  visitor.attach()
  await settle()
  visitor.deliveries.length = 0
  return visitor
}
