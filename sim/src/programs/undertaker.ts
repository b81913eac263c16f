/**
 * What the auditor does with the tasks that are left: each is where the log says, comes to a handler with all its records, and is finished.
 */
import type { TaskId, TaskInfo } from '@tenure/client'
import type { ArchivedTask } from '../judge/archived-task.ts'
import { Driving } from './driving.ts'
import type { Desk } from './program.ts'

const LOOK_MS = 100
const CONCURRENCY = 3

/** Nobody is here any more who drives one. */
export async function buryTasks(desk: Desk): Promise<void> {
  await compare(desk)
  await finishStored(desk)
  await comeBack(desk)
  await finishStored(desk)
  for await (const { id } of desk.pipe().list()) await drop(desk, id)
}

/** Nobody drives it. */
export async function drop(desk: Desk, id: TaskId, signal?: AbortSignal): Promise<void> {
  const { histories } = desk.world.judge.tasks
  const recording = histories.calling(desk, id.index, { kind: 'drop' })
  await desk.pipe().drop(id, signal)
  recording.returned()
}

/** J2, J5: what is told of tasks is what is stored. */
async function compare(desk: Desk): Promise<void> {
  const { archive } = desk.world.judge.tasks
  const told = new Map<bigint, TaskInfo>()
  for await (const task of desk.pipe().list()) {
    told.set(task.id.index, task)
    const known = archive.find(task.id.index)
    const words = `${task.state} ${task.attempt} ${task.repeats} ${task.recordsCount} ${task.bytes} ${task.dueSecond}`
    if (known !== undefined && words === wordsOf(known)) continue
    const problem = `task ${task.id.index} is told as ${words}, and is ${known === undefined ? 'not there' : wordsOf(known)}`
    desk.world.judge.violate('J2', problem)
  }
  for (const task of archive.present) {
    if (told.has(task.index)) await compareRecords(desk, task)
    else desk.world.judge.violate('J2', `${String(task)} is ${task.state}, and is not told of`)
  }
}

async function compareRecords(desk: Desk, task: ArchivedTask): Promise<void> {
  const { records } = await desk.pipe().show({ term: task.term, index: task.index })
  const told = records.map((record) => Buffer.from(record).toString())
  if (told.join('\n') === task.texts.join('\n')) return
  desk.world.judge.violate('J5', `${String(task)} is shown with ${told.join()}`)
}

/** Every stored task comes, when it is due, and nothing but being deleted ends it. */
async function finishStored(desk: Desk): Promise<void> {
  const { judge, settings } = desk.world
  const handle = (handOut: Parameters<typeof Driving.handed>[1]): void => {
    Driving.handed(desk, handOut).ending('delete')
  }
  const options = { concurrency: CONCURRENCY }
  const workers = await Promise.all(
    settings.themes.map(({ theme }) => desk.pipe().handle(theme, handle, options)),
  )
  while ([...judge.tasks.archive.present].some(({ state }) => state !== 'dead')) {
    await desk.sleep(LOOK_MS)
  }
  await Promise.all(workers.map((worker) => worker.close()))
}

/** Every other dead one gets another chance. */
async function comeBack(desk: Desk): Promise<void> {
  let isChosen = false
  for await (const { id } of desk.pipe().list({ state: 'dead' })) {
    isChosen = !isChosen
    if (isChosen) await desk.pipe().requeue(id)
  }
}

function wordsOf(task: ArchivedTask): string {
  const { state, attempt, records, keptRow, recordBytes: bytes } = task
  const dueSecond = keptRow?.state === 'stored' ? keptRow.dueSecond : null
  const repeats = keptRow?.repeats ?? attempt?.repeats
  return `${state} ${attempt?.number} ${repeats} ${records.size} ${bytes} ${dueSecond}`
}
