/** Looks after what has been left: lists tasks, looks at them, takes them in hand, has them come back sooner, or drops them. */
import {
  type HandOut,
  NotFoundError,
  PreconditionFailedError,
  type TaskInfo,
  type TaskState,
} from '@tenure/client'
import { Driving } from './driving.ts'
import { work } from './originator.ts'
import type { Desk, Program } from './program.ts'

const PAUSE_MS = 800
const PATIENCE_MS = 20_000
const DELAY_SECONDS_MAX = 2
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
  if (way === 'show') await pipe.show(id, patience)
  else if (way === 'take') await drive(desk, await pipe.take(id, patience))
  else if (way === 'requeue') {
    await pipe.requeue(id, { delaySeconds: random.whole(0, DELAY_SECONDS_MAX) }, patience)
  } else await pipe.drop(id, patience)
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
