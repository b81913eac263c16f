/**
 * The session log over a tablet: what is durable when somebody is told, and what becomes of tasks whose operator has gone.
 *
 * guards: J1, J2, J3, L3
 */
import { expect, test } from 'vitest'
import { DELAY_MS, logStage, stored } from './log-stage.ts'
import { visitLog } from './log-visitor.ts'
import { settle } from './manual-clock.ts'
import { nodeAt, stage } from './stage.ts'

// guards: J4, J5
test('a stored task comes with all its records when it is due, and not before', async () => {
  const { clock, node, opener } = await logStage()
  await stored(opener, ['one', 'two'])
  const handler = await visitLog(node)
  handler.handle()
  await clock.advance(DELAY_MS - 1)
  expect(handler.said).toEqual(['done'])
  await clock.advance(2)
  expect(handler.records).toEqual([['one', 'two']])
  expect(handler.handedOut[0]).toMatchObject({ task: opener.opened.task, attempt: 1, repeats: 1 })
})

// holds: S2-21
// guards: J1, L3
test('nothing is handed out before its commit, and nothing when that fails', async () => {
  const { clock, node, opener, engine, host } = await logStage()
  await stored(opener, ['one'])
  const handler = await visitLog(node)
  handler.handle()
  await settle()
  engine.holding = true
  await clock.advance(DELAY_MS + 1_000)
  expect(host.statistics()).toMatchObject({ activeTasks: 1, storedTasks: 0, tasksOut: 1 })
  expect(handler.said).toEqual(['done'])
  engine.moods.push('fails-before')
  engine.letAll()
  await settle()
  expect(handler.said).toEqual(['done'])
  expect(handler.end).toBe('failed')
  const again = await visitLog(await nodeAt(host))
  again.handle()
  await clock.advance(0)
  expect(again.handedOut).toMatchObject([{ attempt: 1, repeats: 1 }])
})

// guards: J2, J3
test('after a hand-out whose commit has an unknown end the task comes back in a later attempt', async () => {
  const { clock, node, opener, engine, host } = await logStage()
  await stored(opener, ['one'])
  const handler = await visitLog(node)
  handler.handle()
  await settle()
  engine.moods.push('fails-after')
  await clock.advance(DELAY_MS + 1_000)
  expect(handler.handedOut).toEqual([])
  const again = await visitLog(await nodeAt(host))
  again.handle()
  await clock.advance(DELAY_MS + 1_000)
  expect(again.handedOut).toMatchObject([{ attempt: 2, repeats: 2 }])
  expect(again.records).toEqual([['one']])
})

// holds: S2-22
test('tasks that are due together share a commit, and a theme without handlers holds up none', async () => {
  const { clock, node, opener, engine } = await logStage()
  opener.configure({ theme: 8 })
  for (let count = 0; count < 40; count += 1) opener.open(`task ${count}`, 7 + (count % 2))
  await settle()
  opener.stream.close()
  const handler = await visitLog(node)
  handler.handle()
  await settle()
  engine.commits = 0
  await clock.advance(DELAY_MS + 1_000)
  expect(engine.commits).toBeLessThanOrEqual(2)
  expect(handler.records.flat()).toEqual(
    Array.from({ length: 20 }, (_, count) => `task ${count * 2}`),
  )
})

// guards: J2
test('a session that leaves its stream has its tasks stored, in the commit that ends it', async () => {
  const { node, opener, host, engine } = await logStage()
  opener.open('one')
  opener.open('two')
  await settle()
  expect(host.statistics()).toMatchObject({ activeTasks: 2, storedTasks: 0 })
  engine.commits = 0
  opener.stream.close()
  await settle()
  expect(host.statistics()).toMatchObject({ activeTasks: 0, storedTasks: 2 })
  expect(engine.commits).toBe(1)
  const late = await visitLog(node)
  late.append(opener.opened, 'late')
  await settle()
  expect(late.events).toMatchObject([{ kind: 'refused', code: 'TASK_CLOSED' }])
})

// guards: J2, J3
test('tasks that were under way when a server ended come back from the next one', async () => {
  const { clock, node, opener, engine, host } = await logStage()
  await stored(opener, ['stored'])
  opener.open('active')
  const handler = await visitLog(node)
  handler.handle()
  await clock.advance(DELAY_MS + 1_000)
  expect(handler.records).toEqual([['stored']])
  await host.close()
  expect(opener.end).toBe('stopped')

  const next = stage({}, engine)
  const again = await visitLog(await nodeAt(next.host))
  again.handle()
  await next.clock.advance(0)
  expect(next.host.statistics()).toMatchObject({ activeTasks: 0, storedTasks: 2 })
  await next.clock.advance(DELAY_MS + 1_000)
  const attempts = again.handedOut.map(
    ({ attempt }, at) => `${again.records[at]?.join()} ${attempt}`,
  )
  expect(new Set(attempts)).toEqual(new Set(['active 1', 'stored 2']))
  again.open()
  await settle()
  const { term, index } = again.opened.task
  for (const { task } of again.handedOut) {
    expect(term).toBeGreaterThan(task.term)
    expect(index).toBeGreaterThan(task.index)
  }
})

// holds: S2-32
// guards: D1
test('tasks are counted as they are stored, also when a server ends between two commits', async () => {
  const { clock, node, opener, engine, host } = await logStage()
  opener.configure({ repeatsMax: 1 })
  await stored(opener, ['dies'])
  const first = await visitLog(node)
  first.handle()
  await clock.advance(DELAY_MS + 1_000)
  const [handed] = first.handedOut
  if (handed === undefined) throw new Error('nothing was handed out')
  first.store(handed)
  await settle()
  first.stream.close()
  await stored(opener, ['waits'])
  await clock.advance(DELAY_MS + 1_000)
  opener.open('one')
  await settle()
  expect(host.statistics()).toMatchObject({ activeTasks: 1, storedTasks: 1, deadTasks: 1 })
  // The first commit holds the read alone, and the second all that comes behind it.
  engine.holding = true
  opener.read(opener.opened)
  opener.delete(opener.opened)
  opener.handle()
  await settle()
  engine.holding = false
  engine.moods.push('well', 'fails-before')
  engine.letAll()
  await settle()
  expect(opener.end).toBe('failed')

  const next = stage({}, engine)
  const again = await visitLog(await nodeAt(next.host))
  expect(next.host.statistics()).toMatchObject({ activeTasks: 1, storedTasks: 1, deadTasks: 1 })
  again.handle()
  await next.clock.advance(100_000)
  await next.host.close()
  const last = stage({}, engine)
  await nodeAt(last.host)
  await last.clock.advance(0)
  expect(last.host.statistics()).toMatchObject({ activeTasks: 0, storedTasks: 0, deadTasks: 3 })
})

// guards: X6
test('a server that has lost its node hands out nothing', async () => {
  const { clock, node, opener, engine } = await logStage()
  await stored(opener, ['one'])
  const handler = await visitLog(node)
  handler.handle()
  await settle()
  const other = stage({}, engine)
  const taker = await visitLog(await nodeAt(other.host))
  taker.handle()
  await clock.advance(DELAY_MS + 1_000)
  expect(handler.handedOut).toEqual([])
  expect(handler.end).toBe('fenced')
  await other.clock.advance(DELAY_MS + 1_000)
  expect(taker.records).toEqual([['one']])
})

// holds: S2-34
test('a stop lets what was taken be read and answered', async () => {
  const { opener, engine, host } = await logStage()
  opener.open('one')
  await settle()
  engine.holdingScans = true
  opener.read(opener.opened)
  await settle()
  const closed = host.close()
  await settle()
  expect(opener.end).toBe(null)
  engine.letAll()
  await closed
  expect(opener.said.at(-1)).toBe('task-records')
  expect(opener.end).toBe('stopped')
})

// guards: J3
test('behind the answer to stop-handling no task comes', async () => {
  const { clock, node, opener, engine } = await logStage()
  for (let count = 0; count < 5; count += 1) await stored(opener, [`${count}`])
  const handler = await visitLog(node)
  const handling = handler.handle(2)
  await settle()
  await clock.advance(DELAY_MS)
  engine.holding = true
  await clock.advance(1_000)
  const stop = handler.stopHandling(handling)
  engine.letAll()
  await clock.advance(5_000)
  for (const { task, attempt } of handler.handedOut) handler.delete({ task, attempt })
  await clock.advance(60_000)
  const { events } = handler
  const stopped = events.findIndex((event) => event.kind === 'done' && event.requestId === stop)
  expect(stopped).toBeGreaterThan(0)
  expect(events.slice(stopped).map(({ kind }) => kind)).toEqual(['done', 'done', 'done'])
  expect(handler.handedOut).toHaveLength(2)
})

// guards: O4
test('what ends a task is taken however much waits', async () => {
  const { node, opener, engine } = await logStage({ tablet: { commandsMax: 3 } })
  opener.open()
  await settle()
  const first = opener.opened
  opener.open()
  await settle()
  const second = opener.opened
  const handler = await visitLog(node)
  engine.holding = true
  for (let count = 0; count < 3; count += 1) opener.describeNode()
  const refused = [opener.append(first, 'more'), opener.open()]
  opener.delete(first)
  opener.store(second)
  handler.stopHandling(1n)
  expect(opener.refused).toEqual(refused)
  engine.letAll()
  await settle()
  expect(opener.said.slice(-2)).toEqual(['done', 'done'])
  expect(handler.said).toEqual(['done'])
})

test('hand-outs are counted, and refusals for what became of a task', async () => {
  const { clock, node, opener, host } = await logStage()
  await stored(opener, ['one'])
  opener.append(opener.opened, 'late')
  opener.open('', 99)
  const handler = await visitLog(node)
  handler.handle()
  await clock.advance(DELAY_MS + 1_000)
  const { counters } = host.statistics()
  expect(counters).toMatchObject({ handOuts: 1, taskRefusals: 2 })
})

// holds: S2-10
test('a clock set back an hour delays no task', async () => {
  const { clock, node, opener } = await logStage()
  await stored(opener, ['one'])
  const handler = await visitLog(node)
  handler.handle()
  await clock.advance(5_000)
  clock.wallAheadMs = -3_600_000
  await clock.advance(DELAY_MS - 5_000 + 1_000)
  expect(handler.records).toEqual([['one']])
})

// holds: S2-10
test('a clock set forward is followed within a second', async () => {
  const { clock, node, opener } = await logStage()
  opener.configure({ delaySeconds: 86_400 })
  await stored(opener, ['one'])
  const handler = await visitLog(node)
  handler.handle()
  await clock.advance(5_000)
  expect(handler.handedOut).toEqual([])
  clock.wallAheadMs = 86_400_000
  await clock.advance(1_000)
  expect(handler.records).toEqual([['one']])
})

// holds: S2-09
test('jitter spreads tasks that are stored together', async () => {
  const { node, opener } = await logStage()
  opener.configure({ jitterSeconds: 1_000_000 })
  for (let count = 0; count < 10; count += 1) opener.open()
  opener.stream.close()
  const looker = await visitLog(node)
  looker.list('stored')
  await settle()
  const listed = looker.events.find((event) => event.kind === 'tasks-listed')
  const seconds = listed?.tasks.map(({ dueSecond }) => dueSecond) ?? []
  expect(new Set(seconds).size).toBe(10)
})
