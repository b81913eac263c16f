/**
 * Speaks to servers as no client library would: does things with tasks in attempts that are over, and with those of others. Nothing of it
 * may be done; what it does with its own must be.
 */
import type { Answer, Attachment, Request } from '@tenure/client'
import type { Desk, Program } from './program.ts'
import { newValue } from './record-values.ts'

const PAUSE_MS = 700
const ANSWER_MS = 3_000
const TIMEOUT_MS = 3_000
const HEARTBEAT_MS = 1_000
const ROUNDS_MAX = 4

type TaskBound = Pick<Extract<Request, { kind: 'delete-task' }>, 'task' | 'attempt'>

export function meddler(): Program {
  return {
    name: 'meddles',
    needsOwnProtocol: true,
    async round(desk) {
      const { random } = desk
      const way = await RawWay.open(desk)
      if (way === null) return desk.sleep(random.exponential(PAUSE_MS))
      try {
        const rounds = random.whole(1, ROUNDS_MAX)
        for (let round = 0; round < rounds; round += 1) {
          if (random.chance(0.5)) await meddleWithOwn(desk, way)
          else await meddleWithOthers(desk, way)
          await desk.sleep(random.exponential(PAUSE_MS))
        }
      } finally {
        way.close()
      }
    },
  }
}

/** Opens a task, gives it up and takes it again: what is done in its first attempt is refused from then on. */
async function meddleWithOwn(desk: Desk, way: RawWay): Promise<void> {
  const { theme } = desk.random.pick(desk.world.settings.themes)
  const opened = await way.ask({ kind: 'open-task', theme, record: null })
  if (opened?.kind !== 'task-opened') return
  const { task } = opened
  const first = { task, attempt: 0 }
  await way.ask({ ...first, kind: 'append-task', record: newRecord(desk) })
  await way.ask({ ...first, kind: 'store-task', delaySeconds: 1, failure: '' })
  const taken = await way.ask({ kind: 'take-task', task })
  if (taken?.kind !== 'task-handed-out') return
  const latest = { task, attempt: taken.attempt }
  await Promise.all([way.ask(anyOf(desk, first)), way.ask(anyOf(desk, latest))])
  if (desk.random.chance(0.5)) await way.ask({ ...latest, kind: 'delete-task' })
}

/** Names the present attempt of a task that somebody else drives, or one that is over. */
async function meddleWithOthers(desk: Desk, way: RawWay): Promise<void> {
  const { random, world } = desk
  const tasks = [...world.judge.tasks.archive.present]
  if (tasks.length === 0) return
  const { term, index, attempt } = random.pick(tasks)
  const number = Math.max(0, (attempt?.number ?? 0) - random.whole(0, 1))
  await way.ask(anyOf(desk, { task: { term, index }, attempt: number }))
}

function anyOf(desk: Desk, bound: TaskBound): Request {
  const way = desk.random.pick([
    'append-task',
    'replace-task',
    'delete-task',
    'store-task',
  ] as const)
  if (way === 'delete-task') return { ...bound, kind: way }
  if (way === 'store-task') return { ...bound, kind: way, delaySeconds: 0, failure: 'meddled with' }
  return { ...bound, kind: way, record: newRecord(desk) }
}

function newRecord(desk: Desk): Uint8Array {
  return Buffer.from(newValue(desk))
}

/** A session without anything that a client library does. */
class RawWay {
  readonly #desk: Desk
  #attachment: Attachment | null = null
  #isOver = false

  private constructor(desk: Desk) {
    this.#desk = desk
  }

  /** @returns null when the server does not start it */
  static async open(desk: Desk): Promise<RawWay | null> {
    const way = new RawWay(desk)
    return (await way.#open()) ? way : null
  }

  /** @returns null when no answer comes */
  ask(request: Request): Promise<Answer | null> {
    return this.#within((resolve) => {
      if (this.#isOver || this.#attachment === null) resolve(null)
      else this.#attachment.send(request, resolve)
    })
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#desk.random.chance(0.5)) this.#attachment?.stop()
    else this.#attachment?.leave()
  }

  #open(): Promise<boolean | null> {
    const { link, world } = this.#desk
    return this.#within((resolve) => {
      const request = {
        path: world.path,
        sessionId: 0n,
        timeoutMs: TIMEOUT_MS,
        description: 'meddler',
        sequenceNumber: 1n,
        protectionKey: new Uint8Array(0),
        heartbeatMs: HEARTBEAT_MS,
      }
      this.#attachment = link.attach(request, {
        started: () => resolve(true),
        contact() {},
        noticed() {},
        ended: () => {
          this.#isOver = true
          resolve(null)
        },
      })
    })
  }

  #within<T>(act: (resolve: (value: T | null) => void) => void): Promise<T | null> {
    return new Promise((resolve) => {
      this.#desk.process.after(ANSWER_MS, () => resolve(null))
      act(resolve)
    })
  }
}
