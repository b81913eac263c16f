import { expect, test } from 'vitest'
import { DEFAULT_TABLET_LIMITS } from '../../src/tablet/limits.ts'
import { settle } from './manual-clock.ts'
import { createNode, nodeAt, stage, PATH } from './stage.ts'
import { visit, Visitor } from './visitor.ts'

// guards: L3, D1
test('nothing is delivered before the commit', async () => {
  const { engine, host } = stage()
  const visitor = await visit(await createNode(host))
  engine.holding = true
  visitor.acquire('a')
  await settle()
  expect(engine.held).toBe(1)
  expect(visitor.said).toEqual([])
  engine.letAll()
  await settle()
  expect(visitor.said).toEqual(['acquired'])
})

test('all input of one turn shares a commit', async () => {
  const { engine, host } = stage()
  const node = await createNode(host)
  const [first, second] = [await visit(node), await visit(node)]
  const before = engine.commits
  first.acquire('a')
  second.acquire('b')
  first.acquire('c')
  await settle()
  expect(engine.commits - before).toBe(1)
  expect(first.deliveries.map((events) => events.length)).toEqual([2])
  expect(second.deliveries.map((events) => events.length)).toEqual([1])
})

// holds: S2-22
// guards: L4
test('one slow commit gathers the next batch', async () => {
  const { engine, host } = stage()
  const visitor = await visit(await createNode(host))
  engine.holding = true
  visitor.acquire('a')
  await settle()
  visitor.acquire('b')
  await settle()
  visitor.acquire('c')
  await settle()
  expect(engine.held).toBe(1)
  const before = engine.commits
  engine.letOne()
  await settle()
  expect(visitor.said).toEqual(['acquired'])
  expect(engine.commits - before).toBe(1)
  engine.letAll()
  await settle()
  expect(visitor.deliveries.map((events) => events.length)).toEqual([1, 2])
})

// guards: L1, L3
test('a read sent after an uncommitted write waits for it', async () => {
  const { engine, host } = stage()
  const node = await createNode(host)
  const [writer, reader] = [await visit(node), await visit(node)]
  engine.holding = true
  writer.acquire('a')
  await settle()
  reader.describe('a')
  await settle()
  expect(reader.said).toEqual([])
  engine.letAll()
  await settle()
  expect(reader.said).toEqual(['semaphore-described'])
})

// guards: L1
test('reads of one batch share one confirmation and write nothing', async () => {
  const { engine, host } = stage()
  const node = await createNode(host)
  const visitors = await Promise.all([visit(node), visit(node), visit(node)])
  const { commits, confirms } = engine
  for (const visitor of visitors) visitor.describeNode()
  await settle()
  expect(visitors.map((visitor) => visitor.said)).toEqual([
    ['node-described'],
    ['node-described'],
    ['node-described'],
  ])
  expect(engine.commits - commits).toBe(0)
  expect(engine.confirms - confirms).toBe(1)
})

// guards: D2, D4, L3
test.each([
  { mood: 'fails-before', fate: 'gone', said: 'refused' },
  { mood: 'fails-after', fate: 'there', said: 'semaphore-described' },
] as const)(
  'a commit that $mood shows nothing, and its writes are $fate after the reload',
  async ({ mood, said }) => {
    const { engine, host } = stage()
    const node = await createNode(host)
    const [writer, other] = [await visit(node), await visit(node)]
    writer.createSemaphore('kept')
    await settle()
    engine.moods.push(mood)
    writer.createSemaphore('doubtful')
    await settle()
    expect(writer.said).toEqual(['done'])
    expect([writer.end, other.end]).toEqual(['failed', 'failed'])

    const again = new Visitor(await nodeAt(host))
    again.attach({ session: other.session })
    await settle()
    again.describe('kept')
    again.describe('doubtful')
    await settle()
    expect(again.said).toEqual(['attached', 'semaphore-described', said])
    expect(engine.claims).toBe(2)
  },
)

test('what is asked on a stream that has ended is ignored', async () => {
  const { engine, host } = stage()
  const visitor = await visit(await createNode(host))
  engine.moods.push('fails-before')
  visitor.acquire('a')
  await settle()
  const before = engine.commits
  visitor.acquire('b')
  await settle()
  expect(visitor.said).toEqual([])
  expect(engine.commits).toBe(before)
})

// guards: X6, L1
test('two hosts: the older can neither commit nor answer reads', async () => {
  const older = stage()
  const node = await createNode(older.host)
  const writer = await visit(node)
  const second = await createNode(older.host, '/local/other')
  const reader = await visit(second)

  const younger = stage({}, older.engine)
  const successor = new Visitor(await nodeAt(younger.host))
  await nodeAt(younger.host, '/local/other')

  writer.acquire('a')
  reader.describeNode()
  await settle()
  expect([writer.said, writer.end]).toEqual([[], 'fenced'])
  expect([reader.said, reader.end]).toEqual([[], 'fenced'])
  successor.attach({ session: writer.session })
  await settle()
  expect(successor.said).toEqual(['attached'])
})

// guards: X6, X7
test('two hosts: the older learns that it is not the owner though nobody asks it anything', async () => {
  const older = stage()
  const idle = await visit(await createNode(older.host))
  const younger = stage({}, older.engine)
  await nodeAt(younger.host)
  await older.clock.advance(DEFAULT_TABLET_LIMITS.selfCheckMs)
  expect([idle.said, idle.end]).toEqual([[], 'fenced'])
})

test('a node without streams looks at nothing', async () => {
  const { engine, host, clock } = stage()
  await createNode(host)
  const before = engine.confirms
  await clock.advance(10 * DEFAULT_TABLET_LIMITS.selfCheckMs)
  expect(engine.confirms).toBe(before)
})

// guards: O1, O2
test('overload changes nothing', async () => {
  const { engine, host } = stage({ tablet: { commandsMax: 2 } })
  const node = await createNode(host)
  const visitor = await visit(node)
  engine.holding = true
  visitor.acquire('a')
  visitor.acquire('b')
  const third = visitor.acquire('c')
  expect(visitor.refused).toEqual([third])
  engine.letAll()
  await settle()
  visitor.describe('c')
  await settle()
  expect(visitor.said).toEqual(['acquired', 'acquired', 'refused'])
  expect(host.statistics().counters.refused).toBe(1)
})

// guards: O4
test('releases, stops, detaches and sessions that come back pass while all else is refused', async () => {
  const { engine, host } = stage({ tablet: { commandsMax: 3 } })
  const node = await createNode(host)
  const [busy, left, stopping] = [await visit(node), await visit(node), await visit(node)]
  busy.acquire('a')
  await settle()
  engine.holding = true
  busy.describeNode()
  busy.describeNode()
  busy.describeNode()
  const refused = busy.describeNode()
  const late = new Visitor(node)
  const birth = late.attach()
  busy.release('a')
  stopping.stop()
  left.stream.close()
  const back = new Visitor(node)
  back.attach({ session: left.session })
  expect(busy.refused).toEqual([refused])
  expect(late.refused).toEqual([birth])
  engine.letAll()
  await settle()
  expect(busy.said.at(-1)).toBe('released')
  expect(stopping.said).toEqual(['stopped'])
  expect(back.said).toEqual(['attached'])
})

// guards: O5
test('one stream cannot use up the room of the others', async () => {
  const { engine, host } = stage({ tablet: { streamCommandsMax: 2 } })
  const node = await createNode(host)
  const [greedy, modest] = [await visit(node), await visit(node)]
  engine.holding = true
  for (let count = 0; count < 4; count += 1) greedy.describeNode()
  modest.describeNode()
  expect(greedy.refused.length).toBe(2)
  expect(modest.refused).toEqual([])
  engine.letAll()
  await settle()
  greedy.describeNode()
  await settle()
  expect(greedy.said.length).toBe(3)
})

// guards: O1
test('bytes that wait are bounded', async () => {
  const { engine, host } = stage({ tablet: { bytesMax: 1_000 } })
  const visitor = await visit(await createNode(host))
  visitor.createSemaphore('big')
  await settle()
  engine.holding = true
  visitor.updateSemaphore('big', 'x'.repeat(2_000))
  const second = visitor.updateSemaphore('big', 'y'.repeat(2_000))
  expect(visitor.refused).toEqual([second])
  engine.letAll()
  await settle()
  expect(host.statistics().waitingBytes).toBe(0)
  expect(host.statistics().waitingCommands).toBe(0)
})

test('a batch that is larger than one commit may be is split between commands', async () => {
  const { engine, host } = stage()
  engine.maxOperations = 20
  const visitor = await visit(await createNode(host))
  engine.sizes.length = 0
  for (let count = 0; count < 30; count += 1) visitor.acquire(`name-${count}`)
  await settle()
  await settle()
  expect(visitor.said).toEqual(Array(30).fill('acquired'))
  expect(engine.sizes.length).toBe(3)
  expect(Math.max(...engine.sizes)).toBeLessThanOrEqual(20)
})

test('one command that needs more writes than one commit takes is committed in pieces and answered once', async () => {
  const { engine, host } = stage()
  engine.maxOperations = 20
  const visitor = await visit(await createNode(host))
  for (let count = 0; count < 50; count += 1) visitor.acquire(`name-${count}`)
  await settle()
  await settle()
  visitor.deliveries.length = 0
  engine.sizes.length = 0
  visitor.stop()
  await settle()
  expect(visitor.said).toEqual(['stopped'])
  expect(engine.sizes.length).toBeGreaterThan(2)
  expect(Math.max(...engine.sizes)).toBe(20)
})

// guards: L2, X6
test.each([
  { what: 'nothing', stored: 0, end: 'fenced' },
  { what: 'a part', stored: 1, end: 'failed' },
])('a fenced command of which $what is stored ends its stream as $end', async ({ stored, end }) => {
  const { engine, host } = stage()
  engine.maxOperations = 20
  const visitor = await visit(await createNode(host))
  for (let count = 0; count < 50; count += 1) visitor.acquire(`name-${count}`)
  await settle()
  await settle()
  engine.holding = true
  visitor.stop()
  await settle()
  for (let count = 0; count < stored; count += 1) {
    engine.letOne()
    await settle()
  }
  await engine.claim(PATH, { id: 'other', address: '' })
  engine.letAll()
  await settle()
  expect(visitor.end).toBe(end)
})

// guards: S7
test('stop flushes: what was accepted is answered, then the streams end', async () => {
  const { engine, host } = stage()
  const visitor = await visit(await createNode(host))
  engine.holding = true
  visitor.acquire('a')
  await settle()
  visitor.acquire('b')
  const closed = host.close()
  visitor.acquire('late')
  await settle()
  expect(visitor.end).toBe(null)
  engine.letAll()
  await closed
  expect(visitor.said).toEqual(['acquired', 'acquired'])
  expect(visitor.end).toBe('stopped')

  const next = stage({}, engine)
  const again = new Visitor(await nodeAt(next.host))
  again.attach({ session: visitor.session })
  await settle()
  again.describe('b')
  again.describe('late')
  await settle()
  expect(again.said).toEqual(['attached', 'semaphore-described', 'refused'])
})

test('a session whose birth was never told ends with its stream', async () => {
  const { engine, host } = stage()
  const node = await createNode(host)
  engine.holding = true
  const visitor = new Visitor(node)
  visitor.attach()
  visitor.stream.close()
  engine.letAll()
  await settle()
  expect(host.statistics().sessions).toBe(0)
})

// guards: S1
test('a stream that closes detaches its sessions, which then have their whole timeout', async () => {
  const { clock, host } = stage()
  const node = await createNode(host)
  const visitor = await visit(node)
  await clock.advance(60_000)
  visitor.stream.close()
  await clock.advance(4_900)
  expect(host.statistics().sessions).toBe(1)
  await clock.advance(200)
  expect(host.statistics().sessions).toBe(0)
})

test('a stream that breaks harms nobody else', async () => {
  const { host } = stage()
  const node = await createNode(host)
  const healthy = await visit(node)
  let end = ''
  const broken = node.connect({
    deliver() {
      throw new Error('broken')
    },
    overloaded() {},
    ended: (why) => {
      end = why
    },
  })
  broken.submit({ kind: 'describe-node', requestId: 1n })
  healthy.describeNode()
  await settle()
  expect(end).toBe('failed')
  expect(healthy.said).toEqual(['node-described'])
})

test('a stream that asks from within its delivery is answered in a later commit', async () => {
  const { host } = stage()
  const visitor = await visit(await createNode(host))
  const deliver = visitor.deliver.bind(visitor)
  visitor.deliver = (events) => {
    deliver(events)
    if (visitor.deliveries.length < 3) visitor.describeNode()
  }
  visitor.describeNode()
  await settle()
  expect(visitor.deliveries.map((events) => events.length)).toEqual([1, 1, 1])
})

// guards: S6
test('a stream whose session is taken hears of it before the taker does', async () => {
  const { host } = stage()
  const node = await createNode(host)
  const old = await visit(node)
  const taker = new Visitor(node)
  const heard: string[] = []
  for (const [name, visitor] of Object.entries({ old, taker })) {
    const deliver = visitor.deliver.bind(visitor)
    visitor.deliver = (events) => {
      for (const event of events) heard.push(`${name} ${event.kind}`)
      deliver(events)
    }
  }
  // Something for the taker is in the same commit already.
  taker.describeNode()
  taker.attach({ session: old.session })
  await settle()
  expect(heard).toEqual(['old ended', 'taker node-described', 'taker attached'])
})
