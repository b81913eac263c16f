/** A pipe over a fake link and a clock of the test: the moment at which a connection breaks must be the test's choice. */
import type { TaskHandedOutReply, TaskOperation } from '@tenure/protocol'
import { Client } from '../../src/client.ts'
import type { Answer } from '../../src/link/link.ts'
import type { Pipe } from '../../src/pipe/pipe.ts'
import type { Task } from '../../src/pipe/task.ts'
import { FakeClock } from '../fake-clock.ts'
import { FakeLink, fixedRandom, settled, type Sent } from '../fake-link.ts'

export interface FakePipe {
  readonly pipe: Pipe
  readonly client: Client
  readonly link: FakeLink
  readonly clock: FakeClock
  /** The last attachment starts, as a session of this id. */
  readonly start: (sessionId?: bigint) => Promise<void>
  /** The connection breaks, and a fresh one starts for the same session. */
  readonly reconnect: () => Promise<void>
  /** A task that this program has opened, of theme 7. */
  readonly opened: () => Promise<Task>
}

export const DONE: Answer = { kind: 'done' }

export function fakePipe(): FakePipe {
  const link = new FakeLink()
  const clock = new FakeClock()
  const client = new Client(link, { clock, random: fixedRandom(1) })
  const pipe = client.pipe('/local/test')
  const start = async (sessionId = 7n): Promise<void> => {
    link.last.start({ hasLog: true, sessionId })
    await settled()
  }
  let opened = 0n
  return {
    pipe,
    client,
    link,
    clock,
    start,
    async reconnect() {
      const before = link.last
      before.break()
      while (link.last === before) clock.advance(100)
      await start()
    },
    async opened() {
      const opening = pipe.open(7)
      if (link.attachments.length === 0) await settled()
      if (link.attachments.length === 1 && link.last.sent.length === 0) await start()
      opened += 1n
      await settled()
      link.last.of('open-task').at(-1)?.answer(openedAnswer(opened))
      return opening
    },
  }
}

export function openedAnswer(index: bigint): Answer {
  return { kind: 'task-opened', task: { term: 3n, index } }
}

export function handedOut(
  index: bigint,
  given: Partial<TaskHandedOutReply> = {},
): TaskHandedOutReply {
  const task = { term: 3n, index }
  return {
    kind: 'task-handed-out',
    task,
    theme: 7,
    attempt: 1,
    repeats: 1,
    records: [],
    more: false,
    ...given,
  }
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function texts(records: readonly Uint8Array[]): string[] {
  return records.map((record) => Buffer.from(record).toString())
}

/** What was sent of one kind, in order, on the last attachment. */
export function sentOf<K extends TaskOperation['kind']>(
  link: FakeLink,
  kind: K,
): (Sent & { readonly request: Extract<TaskOperation, { kind: K }> })[] {
  return link.last.of(kind)
}

/** A value as it comes from a program without types. */
export function untyped(value: unknown): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- programs without types are what this is about
  return value as never
}

/** What a promise is rejected with; to be asked for before that happens. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('nothing was rejected')
}
