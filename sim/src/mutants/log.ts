/** Bugs of the session log at the server: in the kernel, and in what the tablet makes of it. */
import type { Mutant } from './mutant.ts'

const ACTIVE = 'packages/kernel/src/log/active-tasks.ts'
const DELIVERY = 'packages/kernel/src/log/delivery.ts'
const DUE = 'packages/kernel/src/log/due.ts'
const HANDLING = 'packages/kernel/src/log/handling.ts'
const INSPECTION = 'packages/kernel/src/log/inspection.ts'
const KEPT = 'packages/kernel/src/log/kept-tasks.ts'
const LOG = 'packages/kernel/src/log/log.ts'
const LOOKUPS = 'packages/kernel/src/log/lookups.ts'
const OPERATIONS = 'packages/kernel/src/log/operations.ts'
const ORPHANS = 'packages/kernel/src/log/orphans.ts'
const QUEUE = 'packages/kernel/src/log/stored-queue.ts'
const RECORDS = 'packages/kernel/src/log/task-records.ts'
const THEME = 'packages/kernel/src/log/theme.ts'
const TABLET = 'packages/server/src/tablet/tablet.ts'

const RECORDS_OF_TASKS: readonly Mutant[] = [
  {
    name: 'a page of records passes for all of them',
    breaks: 'J5',
    file: RECORDS,
    original: '    this.#page.more = !isWhole\n',
    planted: '    this.#page.more = false\n',
  },
  {
    name: 'the records of a task are told in the wrong order',
    breaks: 'J5',
    file: RECORDS,
    original: '    this.#page.records = records\n',
    planted: '    this.#page.records = records.reverse()\n',
  },
  {
    name: 'a record that is appended is not written',
    breaks: 'J1',
    file: OPERATIONS,
    original: '    putRecord(this.#root.turn, task, record)\n',
    planted: '    if (task.nextRecord === 0) putRecord(this.#root.turn, task, record)\n',
  },
  {
    name: 'to replace the records of a task keeps the old ones',
    breaks: 'J5',
    file: OPERATIONS,
    original: '    deleteRecords(this.#root.turn, task)\n    // Where',
    planted: '    // Where',
  },
  {
    name: 'where the records of a task begin is not written',
    breaks: 'J5',
    file: OPERATIONS,
    original: '    this.#add(task, record)\n    this.#active.write(task)\n',
    planted: '    this.#add(task, record)\n',
  },
  {
    name: 'the records of a task that is dropped stay',
    breaks: 'J2',
    file: INSPECTION,
    original: '    deleteRecords(turn, task)\n',
    planted: '    void deleteRecords\n',
  },
  {
    name: 'after a restart only the first page of records is counted',
    breaks: 'J5',
    file: ORPHANS,
    original: '    task.isCounted = isWhole\n',
    planted: '    task.isCounted = true\n',
  },
]

const ENDS: readonly Mutant[] = [
  {
    name: 'a task whose operator leaves is not stored',
    breaks: 'J2',
    file: LOG,
    original: '    this.#orphans.leave(session)\n',
    planted: '',
  },
  {
    name: 'a task that a restart leaves behind is not stored',
    breaks: 'J2',
    file: LOG,
    original: '    for (const task of this.#active.all()) this.#orphans.add(task)\n',
    planted: '',
  },
  {
    name: 'a task that is deleted comes back after a restart',
    breaks: 'J2',
    file: ACTIVE,
    original: '    this.#root.turn.delete(activeTaskKey(task.index))\n',
    planted: '    if (task.attempt === 0) this.#root.turn.delete(activeTaskKey(task.index))\n',
  },
  {
    name: 'a task that is handed out stays stored',
    breaks: 'J2',
    file: KEPT,
    original: '    this.#root.turn.delete(keyOf(task))\n',
    planted: '',
  },
  {
    name: 'the place of a task that is handed out is kept',
    breaks: 'J2',
    file: KEPT,
    original: '    this.#root.turn.delete(taskPlaceKey(task.index))\n',
    planted: '',
  },
  {
    name: 'a dead task is lost',
    breaks: 'J2',
    file: KEPT,
    original: '    turn.put(keyOf(kept), encodeKeptTask(kept))\n',
    planted: "    if (kept.state === 'stored') turn.put(keyOf(kept), encodeKeptTask(kept))\n",
  },
  {
    name: 'a task dies one hand-out too early',
    breaks: 'J2',
    file: KEPT,
    original: 'const isDead = task.repeats >= repeatsMax &&',
    planted: 'const isDead = task.repeats + 1 >= repeatsMax &&',
  },
  {
    name: 'the repeats of a dead task are not forgotten',
    breaks: 'J2',
    file: KEPT,
    original: "task.state === 'dead' ? { ...task, repeats: 0 } : task",
    planted: "task.state === 'dead' ? { ...task } : task",
  },
  {
    name: 'how many tasks there are is not written',
    breaks: 'D2',
    file: 'packages/kernel/src/log/themes.ts',
    original: '    this.#moved.add(theme)\n',
    planted: '    if (by > 0) this.#moved.add(theme)\n',
  },
]

const OPERATORS: readonly Mutant[] = [
  {
    name: 'a task is handed out while it is with somebody',
    breaks: 'J3',
    file: KEPT,
    original: "    if (task.state === 'stored') theme.queue.remove(task)\n",
    planted: '',
  },
  {
    name: 'a hand-out is told before its commit',
    breaks: 'L3',
    file: TABLET,
    original: '    this.#waiting.bytes += batch.say(stream, event)\n',
    planted:
      "    if (event.kind === 'task-handed-out') stream.sink.deliver([event])\n    else this.#waiting.bytes += batch.say(stream, event)\n",
  },
  {
    name: 'what is done of tasks is told before its commit',
    breaks: 'J1',
    file: TABLET,
    original: '    this.#waiting.bytes += batch.say(stream, event)\n',
    planted:
      "    if (event.kind === 'done') stream.sink.deliver([event])\n    else this.#waiting.bytes += batch.say(stream, event)\n",
  },
  {
    name: 'an operation of an older attempt is done',
    breaks: 'J3',
    file: OPERATIONS,
    original: '    if (attempt !== task.attempt) {',
    planted: '    if (attempt > task.attempt) {',
  },
  {
    name: 'anybody may drive a task',
    breaks: 'J3',
    file: OPERATIONS,
    original: '    if (task.operator === session) return task\n',
    planted: '    if (task.operator !== null) return task\n',
  },
  {
    name: 'a hand-out is no new attempt',
    breaks: 'J3',
    file: DELIVERY,
    original: '    task.attempt = kept.attempt + 1\n',
    planted: '    task.attempt = kept.attempt + (kept.attempt === 0 ? 1 : 0)\n',
  },
  {
    name: 'a hand-out is not counted as a repeat',
    breaks: 'J3',
    file: DELIVERY,
    original: '    task.repeats = kept.repeats + 1\n',
    planted: '    task.repeats = kept.repeats\n',
  },
  {
    name: 'a task that has moved while it was looked for is done with as it was',
    breaks: 'J3',
    file: LOOKUPS,
    original: '    if (lookup.hasMoved) return this.#again(wish)\n',
    planted: '',
  },
  {
    name: 'an id is given before it is taken',
    breaks: 'J6',
    file: OPERATIONS,
    original: '    const index = Number(counters.takeCommit())\n',
    planted: '    const index = Number(counters.lastCommit) + 1\n',
  },
]

const TURNS: readonly Mutant[] = [
  {
    name: 'of tasks that are due in one second the last one comes first',
    breaks: 'J4',
    file: QUEUE,
    original: 'return left.number < right.number',
    planted: 'return left.number > right.number',
  },
  {
    name: 'the seconds in which tasks are due do not count',
    breaks: 'J4',
    file: QUEUE,
    original: 'return left.dueSecond < right.dueSecond',
    planted: 'return left.number < right.number',
  },
  {
    name: 'a task is handed out before it is due',
    breaks: 'J4',
    file: DUE,
    original: 'return dueSecond * SECOND_MS <= outside.wallMs',
    planted: 'return (dueSecond - 1) * SECOND_MS <= outside.wallMs',
  },
  {
    name: 'the first second of a delay is cut short',
    breaks: 'J4',
    file: DUE,
    original: 'return Math.ceil(outside.wallMs / SECOND_MS) + seconds',
    planted: 'return Math.floor(outside.wallMs / SECOND_MS) + seconds - 1',
  },
  {
    name: 'a delay that was asked for is that of the theme',
    breaks: 'J4',
    file: ACTIVE,
    original: 'delaySeconds === 0 ? config.delaySeconds : delaySeconds',
    planted: 'delaySeconds >= 0 ? config.delaySeconds : delaySeconds',
  },
  {
    name: 'a task that is stored while a page is read is forgotten',
    breaks: 'J2',
    file: QUEUE,
    original: '      this.#changes?.set(task.number, task)\n',
    planted: '',
  },
  {
    name: 'a task that is taken while a page is read comes with the page',
    breaks: 'J3',
    file: QUEUE,
    original: '      this.#changes?.set(place.number, null)\n',
    planted: '',
  },
  {
    name: 'a page begins behind the first task that is missing',
    breaks: 'J2',
    file: QUEUE,
    original: 'number: last.number + 1 }',
    planted: 'number: last.number + 5 }',
  },
  {
    name: 'a theme does not look how many tasks are out',
    breaks: 'J4',
    file: THEME,
    original: '    if (this.out >= this.config.concurrency) return undefined\n',
    planted: '',
  },
  {
    name: 'a handler gets more than it has asked for',
    breaks: 'J4',
    file: HANDLING,
    original: 'return !this.isOver && this.out < this.concurrency',
    planted: 'return !this.isOver && this.out <= this.concurrency',
  },
  {
    name: 'a place that has become free is not filled',
    breaks: 'J4',
    file: THEME,
    original: '    if (handling.hasRoom) this.#free.add(handling)\n  }\n\n  get view',
    planted: '  }\n\n  get view',
  },
  {
    name: 'who stops to handle goes on being handed tasks',
    breaks: 'J4',
    file: DELIVERY,
    original: '    if (handling !== undefined) this.#leave(handling)\n',
    planted: '    void handling\n',
  },
  {
    name: 'a wall clock that is set back is followed',
    breaks: 'J4',
    file: 'packages/server/src/tablet/due-clock.ts',
    original: 'if (aheadMs > this.#aheadMs) this.#aheadMs = aheadMs',
    planted: 'this.#aheadMs = aheadMs',
  },
]

export const LOG_MUTANTS: readonly Mutant[] = [...RECORDS_OF_TASKS, ...ENDS, ...OPERATORS, ...TURNS]
