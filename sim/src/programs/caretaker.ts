/** Looks after what has been left: lists tasks, looks at them, takes them in hand, has them come back sooner, or drops them. */
import {
  type HandOut,
  NotFoundError,
  PreconditionFailedError,
  type TaskId,
  type TaskInfo,
  type TaskState,
} from '@tenure/client'
import { Driving } from './driving.ts'
import { work } from './originator.ts'
import { drop } from './undertaker.ts'
import type { Desk, Program } from './program.ts'

const PAUSE_MS = 800
const PATIENCE_MS = 20_000
const DELAY_SECONDS_MAX = 2
/** No program writes so many records. */
const PAGE_RECORDS = 100
const STATES: readonly TaskState[] = ['stored', 'stored', 'dead', 'active']
const WAYS = ['show', 'take', 'take', 'requeue', 'requeue', 'drop'] as const

export function caretaker(): Program {
  return {
    name: 'takes care of tasks',
    needsOwnProtocol: true,
    async round(desk) {
      const { random } = desk
      await desk.sleep(random.exponential(PAUSE_MS))
      const tasks = await listed(desk, random.pick(STATES))
      if (tasks.length === 0) return
      try {
        await care(desk, random.pick(tasks))
      } catch (error) {
        // Somebody else was there before.
        if (error instanceof NotFoundError || error instanceof PreconditionFailedError) return
        throw error
      }
    },
  }
}

async function listed(desk: Desk, state: TaskState): Promise<TaskInfo[]> {
  const { random, world } = desk
  const theme = random.chance(0.5) ? random.pick(world.settings.themes).theme : undefined
  const options = theme === undefined ? { state } : { state, theme }
  const tasks: TaskInfo[] = []
  for await (const task of desk.pipe().list(options, desk.timeout(PATIENCE_MS))) tasks.push(task)
  return tasks
}

async function care(desk: Desk, { id }: TaskInfo): Promise<void> {
  const { random } = desk
  const pipe = desk.pipe()
  const patience = desk.timeout(PATIENCE_MS)
  const way = random.pick(WAYS)
  desk.note(`${way}s ${id.toString()}`)
  if (way === 'show') await show(desk, id, patience)
  else if (way === 'take') await drive(desk, await pipe.take(id, patience))
  else if (way === 'requeue') {
    await pipe.requeue(id, { delaySeconds: random.whole(0, DELAY_SECONDS_MAX) }, patience)
  } else await drop(desk, id, patience)
}

async function show(desk: Desk, id: TaskId, signal: AbortSignal): Promise<void> {
  const { judge, settings } = desk.world
  const recording = judge.tasks.histories.calling(desk, id.index, { kind: 'read' })
  const records = await recordsOf(desk, id, signal)
  // Pages are of several moments.
  const isPaged = (settings.kernelLimits.taskPageRecordsMax ?? PAGE_RECORDS) < PAGE_RECORDS
  if (!isPaged) recording.returned({ kind: 'read', records })
}

/** null: there is no such task. */
async function recordsOf(desk: Desk, id: TaskId, signal: AbortSignal): Promise<string[] | null> {
  try {
    const { records } = await desk.pipe().show(id, signal)
    return records.map((record) => Buffer.from(record).toString())
  } catch (error) {
    if (error instanceof NotFoundError) return null
    throw error
  }
}

async function drive(desk: Desk, handOut: HandOut): Promise<void> {
  const driving = Driving.handed(desk, handOut)
  try {
    await work(desk, driving)
    if (desk.random.chance(0.5)) await driving.delete()
  } finally {
    await driving.task[Symbol.asyncDispose]()
  }
}
