/** What a session of Tenure's own protocol is told of a semaphore: its description, and what its watches see. */
import type { SemaphoreMessage } from '@tenure/protocol'
import { expect, test } from 'vitest'
import type { News } from '../../../src/link/link.ts'
import { answers, turn } from './fake-server.ts'
import { Stage } from './stage.ts'

const DESCRIBE = {
  kind: 'describe',
  name: 'a',
  owners: true,
  waiters: true,
  watchData: true,
  watchOwners: true,
  watchAbsent: true,
  watchStands: false,
} as const
const EMPTY = new Uint8Array(0)

function holder(sessionId: bigint, orderId: bigint): SemaphoreMessage['owners'][number] {
  return { sessionId, orderId, count: 1n, data: EMPTY, timeoutMs: 0n }
}

test('a description shows what is held, owners and waiters in the order of their grants', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const { got, take } = answers()
  const id = attachment.send(DESCRIBE, take)
  const owners = [holder(3n, 9n), holder(1n, 4n)]
  const description = { name: 'a', limit: 3n, data: EMPTY, ephemeral: false, count: 2n }
  stage.stream.answer(id, {
    kind: 'described',
    description: { ...description, owners, waiters: [holder(5n, 12n), holder(4n, 11n)] },
    watchAdded: false,
  })
  expect(got).toMatchObject([
    {
      kind: 'described',
      description: {
        limit: 3n,
        held: 2n,
        owners: [{ orderId: 4n }, { orderId: 9n }],
        waiters: [{ orderId: 11n }, { orderId: 12n }],
      },
    },
  ])
})

test('a watch fires once, also when a newer one replaces it', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const fired: string[] = []
  const first = attachment.send(
    DESCRIBE,
    () => {},
    () => void fired.push('first'),
  )
  const second = attachment.send(
    DESCRIBE,
    () => {},
    () => void fired.push('second'),
  )
  const described = { kind: 'described', description: null, watchAdded: true } as const
  stage.stream.answer(first, described)
  stage.stream.answer(second, described)
  stage.stream.answer(first, { kind: 'changed', data: false, owners: false })
  stage.stream.answer(first, { kind: 'changed', data: true, owners: false })
  expect(fired).toEqual(['first'])
  stage.stream.answer(second, { kind: 'changed', data: true, owners: true })
  expect(fired).toEqual(['first', 'second'])
})

test("a watch that stands is shown each state, and what several watches see is each one's own", async () => {
  const stage = new Stage()
  const { attachment, told } = await stage.join()
  const seen: News[][] = [[], []]
  const ids = seen.map((list) =>
    attachment.send(
      { ...DESCRIBE, watchStands: true },
      () => {},
      (news) => void list.push(news),
    ),
  )
  for (const id of ids) {
    stage.stream.answer(id, { kind: 'described', description: null, watchAdded: true })
  }
  const contacts = told.contacts.length
  const state = { name: 'a', limit: 3n, ephemeral: false, count: 2n, waiters: [] }
  const data = new Uint8Array([1])
  const owners = [{ ...holder(3n, 9n), data }, holder(1n, 4n)]
  stage.stream.say({ kind: 'shown', ids: [...ids, 99], description: { ...state, data, owners } })
  stage.stream.say({ kind: 'shown', ids: ids.slice(1), description: null })
  const [first, second] = seen
  const description = { limit: 3n, held: 2n, owners: [{ orderId: 4n }, { orderId: 9n, data }] }
  expect(first).toMatchObject([{ kind: 'shown', description }])
  expect(second).toMatchObject([{ kind: 'shown', description }, { description: null }])
  const [mine, other] = [first?.[0], second?.[0]].map((news) =>
    news?.kind === 'shown' ? news.description : null,
  )
  mine?.data.fill(7)
  mine?.owners[1]?.data.fill(7)
  expect([other?.data, other?.owners[1]?.data]).toEqual([data, data])
  // Nothing was asked: that the server hears the client is not proven.
  expect(told.contacts).toHaveLength(contacts)
})

test('a watch that was forgotten, or told of a change, is shown nothing', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  const seen: string[] = []
  const [first, second] = ['first', 'second'].map((name) =>
    attachment.send(
      { ...DESCRIBE, watchStands: true },
      () => {},
      ({ kind }) => void seen.push(`${name} ${kind}`),
    ),
  )
  const described = { kind: 'described', description: null, watchAdded: true } as const
  if (first === undefined || second === undefined) throw new Error('nothing was sent')
  stage.stream.answer(first, described)
  stage.stream.answer(second, described)
  attachment.forget(first)
  attachment.forget(first)
  await turn()
  expect(stage.stream.of('forget')).toMatchObject([{ target: first }])
  stage.stream.answer(second, { kind: 'changed', data: true, owners: false })
  stage.stream.say({ kind: 'shown', ids: [first, second], description: null })
  expect(seen).toEqual(['second changed'])
})

test('a watch that was not added never fires', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  let fired = 0
  const id = attachment.send(
    DESCRIBE,
    () => {},
    () => void (fired += 1),
  )
  stage.stream.answer(id, { kind: 'described', description: null, watchAdded: false })
  stage.stream.answer(id, { kind: 'changed', data: true, owners: true })
  expect(fired).toBe(0)
})
