import type { Event } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { settle } from './manual-clock.ts'
import { createNode, stage } from './stage.ts'
import { visit, type Visitor } from './visitor.ts'

async function watched() {
  const set = stage()
  const node = await createNode(set.host)
  const [writer, watcher] = [await visit(node), await visit(node)]
  writer.createSemaphore('s', 9n)
  await settle()
  const request = watcher.watch('s')
  await settle()
  writer.deliveries.length = 0
  watcher.deliveries.length = 0
  return { ...set, node, writer, watcher, request }
}

/** What a visitor was shown, as data and number of owners. */
function shown({ events }: Visitor): string[] {
  return events.flatMap((event) => (event.kind === 'semaphore-shown' ? [words(event)] : []))
}

function words({ description }: Extract<Event, { kind: 'semaphore-shown' }>): string {
  if (description === null) return 'nothing'
  return `${Buffer.from(description.data).toString()}/${description.owners.length}`
}

// guards: L3, W1
test('a state is shown with the commit that made it, and not before', async () => {
  const { engine, writer, watcher, request } = await watched()
  engine.holding = true
  writer.updateSemaphore('s', 'a')
  await settle()
  writer.updateSemaphore('s', 'b')
  writer.acquire('s', { ephemeral: false })
  await settle()
  expect([writer.said, watcher.said]).toEqual([[], []])
  engine.letOne()
  await settle()
  expect([writer.said, shown(watcher)]).toEqual([['done'], ['a/0']])
  engine.letAll()
  await settle()
  expect([writer.said, shown(watcher)]).toEqual([
    ['done', 'done', 'acquired'],
    ['a/0', 'b/1'],
  ])
  expect(watcher.events).toMatchObject([{ requestIds: [request] }, { requestIds: [request] }])
})

// guards: W1
test('all changes of one commit are shown as one state', async () => {
  const { writer, watcher } = await watched()
  for (let count = 0; count < 100; count += 1) writer.updateSemaphore('s', String(count))
  await settle()
  expect(shown(watcher)).toEqual(['99/0'])
})

// guards: L3
test('a state that more than one commit has made is shown with the last of them', async () => {
  const { engine, writer, watcher } = await watched()
  engine.holding = true
  engine.maxOperations = 20
  for (let count = 0; count < 50; count += 1) writer.updateSemaphore('s', String(count))
  await settle()
  let commits = 0
  for (; engine.held > 0; commits += 1) {
    expect(shown(watcher)).toEqual([])
    engine.letOne()
    await settle()
  }
  expect(commits).toBeGreaterThan(1)
  expect(shown(watcher)).toEqual(['49/0'])
})

// guards: L3
test('what a node that has failed wanted to show is not shown', async () => {
  const { engine, writer, watcher } = await watched()
  engine.moods.push('fails-before')
  writer.updateSemaphore('s', 'a')
  await settle()
  expect([watcher.said, watcher.end]).toEqual([[], 'failed'])
})

test('who sees the same is shown one description, each stream once', async () => {
  const { node, writer, watcher, request } = await watched()
  const other = await visit(node)
  const second = other.watch('s')
  await settle()
  other.deliveries.length = 0
  writer.updateSemaphore('s', 'a')
  await settle()
  expect([watcher.events, other.events]).toMatchObject([
    [{ kind: 'semaphore-shown', requestIds: [request] }],
    [{ kind: 'semaphore-shown', requestIds: [second] }],
  ])
  const [mine, theirs] = [watcher, other].map(({ events: [event] }) =>
    event?.kind === 'semaphore-shown' ? event.description : null,
  )
  expect(mine).toBe(theirs)
})

test('a state reaches those who have come since the change after the answer to their describe', async () => {
  const { engine, node, writer } = await watched()
  const late = await visit(node)
  engine.holding = true
  writer.updateSemaphore('s', 'a')
  late.watch('s')
  await settle()
  engine.letAll()
  await settle()
  expect(late.said).toEqual(['semaphore-described', 'semaphore-shown'])
})

test('a watch that is forgotten is shown nothing any more', async () => {
  const { writer, watcher, request, host } = await watched()
  const { session } = watcher
  watcher.ask({ kind: 'forget', requestId: watcher.nextId(), session, target: request })
  writer.updateSemaphore('s', 'a')
  await settle()
  expect(watcher.said).toEqual([])
  expect(host.statistics()).toMatchObject({ watches: 0 })
})
