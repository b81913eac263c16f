/**
 * What a tablet reads for its kernel: when, how much of it, and what was meant.
 *
 * guards: J5, L1
 */
import type { Event } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { DELAY_MS, logStage, stored } from './log-stage.ts'
import { visitLog } from './log-visitor.ts'
import { settle } from './manual-clock.ts'
import { nodeAt } from './stage.ts'

function idOf(event: Event): bigint {
  return 'requestId' in event ? event.requestId : 0n
}

// guards: J5, L1
test('records are read after the commit that hands them out and before the next one', async () => {
  const { clock, node, opener, engine } = await logStage()
  await stored(opener, ['one'])
  const handler = await visitLog(node)
  handler.handle()
  await settle()
  engine.holdingScans = true
  await clock.advance(DELAY_MS + 1_000)
  opener.open('meanwhile')
  await settle()
  expect(handler.handedOut).toEqual([])
  engine.done.length = 0
  engine.letAll()
  await settle()
  expect(engine.done).toEqual(['scan', 'commit'])
  expect(handler.records).toEqual([['one']])
})

// guards: J5, L1
test('a read tells of what was there when it was asked, whatever comes behind it', async () => {
  const { opener } = await logStage()
  opener.open('one')
  await settle()
  const task = opener.opened
  opener.append(task, 'two')
  const read = opener.read(task)
  opener.append(task, 'three')
  opener.delete(task)
  await settle()
  expect(opener.said.slice(-4)).toEqual(['done', 'task-records', 'done', 'done'])
  const told = opener.events.find((event) => event.kind === 'task-records')
  expect(told).toMatchObject({ requestId: read, more: false })
  expect(told?.records.map((record) => Buffer.from(record).toString())).toEqual(['one', 'two'])
})

test('a task that is dropped while it is looked at is shown as it was, or not at all', async () => {
  const { opener, host } = await logStage()
  await stored(opener, ['one'])
  const { task } = opener.opened
  opener.deliveries.length = 0
  opener.ask({ kind: 'show-task', requestId: opener.nextId(), task, from: 0 })
  opener.ask({ kind: 'drop-task', requestId: opener.nextId(), task })
  opener.ask({ kind: 'show-task', requestId: opener.nextId(), task, from: 0 })
  await settle()
  expect(opener.end).toBe(null)
  const [looked, dropped, late] = [...opener.events].sort((one, other) =>
    Number(idOf(one) - idOf(other)),
  )
  expect(['task-shown', 'refused']).toContain(looked?.kind)
  const shown = looked?.kind === 'task-shown' ? looked.records : ['one']
  expect(shown).toHaveLength(1)
  expect(dropped?.kind).toBe('done')
  expect(late).toMatchObject({ kind: 'refused', code: 'NOT_FOUND' })
  expect(host.statistics()).toMatchObject({ storedTasks: 0 })
})

test.each([0, 1, 2])(
  'a node that is dropped and made anew while its task is looked at stays at work, %i reads later',
  async (reads) => {
    const { opener, engine, host } = await logStage()
    await stored(opener, ['one'])
    const { task } = opener.opened
    engine.holdingScans = true
    opener.ask({ kind: 'drop-task', requestId: opener.nextId(), task })
    await settle()
    for (let read = 0; read < reads; read += 1) {
      engine.letOne()
      await settle()
    }
    opener.dropNode()
    opener.createNode()
    opener.configure()
    engine.letAll()
    await settle()
    opener.list('stored')
    await settle()
    expect(opener.end).toBe(null)
    expect(opener.events.at(-1)).toMatchObject({ kind: 'tasks-listed', tasks: [] })
    expect(host.statistics()).toMatchObject({ themes: 1, storedTasks: 0, activeTasks: 0 })
  },
)

// guards: D5
test('a node whose records cannot be read ends, and tells nobody', async () => {
  const { clock, node, opener, engine, host } = await logStage()
  await stored(opener, ['one'])
  const handler = await visitLog(node)
  handler.handle()
  await settle()
  engine.failsScans = true
  await clock.advance(DELAY_MS + 1_000)
  expect(handler.handedOut).toEqual([])
  expect(handler.end).toBe('failed')
  engine.failsScans = false
  const again = await visitLog(await nodeAt(host))
  again.handle()
  await clock.advance(DELAY_MS + 1_000)
  expect(again.records).toEqual([['one']])
})

// guards: O1
test('records that are read count as bytes that wait, until they are told', async () => {
  const { opener, engine, host } = await logStage()
  opener.open('x'.repeat(1_000))
  await settle()
  const task = opener.opened
  engine.holdingScans = true
  // One more than are read together.
  for (let count = 0; count < 17; count += 1) opener.read(task)
  await settle()
  expect(host.statistics().waitingBytes).toBe(0)
  for (let count = 0; count < 16; count += 1) engine.letOne()
  await settle()
  expect(host.statistics().waitingBytes).toBeGreaterThan(16_000)
  expect(opener.said.at(-1)).toBe('task-opened')
  engine.letAll()
  await settle()
  expect(opener.said.filter((kind) => kind === 'task-records')).toHaveLength(17)
  expect(host.statistics()).toMatchObject({ waitingBytes: 0, waitingCommands: 0 })
})

// guards: O1
test('what is read for one batch is bounded: the rest is read for the next', async () => {
  const { opener, engine } = await logStage()
  // With the key and the version before the record, each brings a mebibyte.
  opener.open('x'.repeat(1_048_576 - 14))
  await settle()
  engine.done.length = 0
  for (let count = 0; count < 130; count += 1) opener.read(opener.opened)
  for (let turn = 0; turn < 4; turn += 1) await settle()
  expect(opener.said.filter((kind) => kind === 'task-records')).toHaveLength(130)
  const confirms = engine.done.flatMap((done, at) => (done === 'confirm' ? [at] : []))
  expect(confirms).toEqual([0, 65, 130])
})

// guards: J5
test('records beyond a page are read page by page', async () => {
  const { clock, node, opener } = await logStage({
    kernel: { taskPageRecordsMax: 3, taskPageBytesMax: 60 },
  })
  const long = 'x'.repeat(50)
  const records = ['1', '2', '3', long, long, '6', '7', '8']
  await stored(opener, records)
  const handler = await visitLog(node)
  handler.handle()
  await clock.advance(DELAY_MS + 1_000)
  const [handedOut] = handler.handedOut
  if (handedOut === undefined) throw new Error('nothing was handed out')
  const pages = [handler.records[0] ?? []]
  expect(handedOut.more).toBe(true)
  for (let more: boolean = handedOut.more; more;) {
    handler.read(handedOut, pages.flat().length)
    await settle()
    const page = handler.events.findLast((event) => event.kind === 'task-records')
    if (page === undefined) throw new Error('no page has come')
    pages.push(page.records.map((record) => Buffer.from(record).toString()))
    more = page.more
  }
  expect(pages.flat()).toEqual(records)
  expect(pages.map(({ length }) => length)).toEqual([3, 1, 1, 3])
})

test('small tasks are read for one batch in any number', async () => {
  const { opener, engine } = await logStage()
  opener.open('one')
  await settle()
  engine.done.length = 0
  for (let count = 0; count < 130; count += 1) opener.read(opener.opened)
  for (let turn = 0; turn < 4; turn += 1) await settle()
  expect(opener.said.filter((kind) => kind === 'task-records')).toHaveLength(130)
  expect(engine.done.filter((done) => done === 'confirm')).toHaveLength(1)
})
