/** Two clients of one server, one over YDB's protocol and one over Tenure's own: they meet in every lock, and see the same. */
import { type Client, connect, serve, UnsupportedError } from 'tenure'
import { expect, test, vi } from 'vitest'
import { failure, PATH, PATIENCE } from './worlds.ts'

interface Meeting extends AsyncDisposable {
  readonly ydb: Client
  readonly tenure: Client
}

async function meet(): Promise<Meeting> {
  const serving = await serve({ listen: '127.0.0.1:0', http: null })
  const ydb = connect(serving.address, { protocol: 'ydb' })
  const tenure = connect(serving.address, { protocol: 'tenure' })
  await ydb.createNode(PATH)
  return {
    ydb,
    tenure,
    async [Symbol.asyncDispose]() {
      await Promise.all([ydb.close(), tenure.close()])
      await serving.close()
    },
  }
}

// guards: X1, X2
test('a lock excludes across both protocols, and its tokens grow', async () => {
  await using meeting = await meet()
  const { ydb, tenure } = meeting
  await using one = await ydb.openSession(PATH)
  await using two = await tenure.openSession(PATH)
  let inside = 0
  const tokens: bigint[] = []
  const work = async (session: typeof one): Promise<void> => {
    for (let round = 0; round < 20; round += 1) {
      await using lock = await session.mutex('door').lock()
      inside += 1
      expect(inside).toBe(1)
      tokens.push(lock.token)
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
      inside -= 1
    }
  }
  await Promise.all([work(one), work(two)])
  expect(tokens).toHaveLength(40)
  expect(tokens).toEqual([...new Set(tokens)].toSorted((a, b) => (a < b ? -1 : 1)))
})

test('each sees what the other has locked, and when it is gone', async () => {
  await using meeting = await meet()
  const { ydb, tenure } = meeting
  await using one = await ydb.openSession(PATH)
  await using two = await tenure.openSession(PATH)
  const lock = await one.mutex('door').lock()
  expect(await two.mutex('door').tryLock()).toBeNull()
  expect(await tenure.checkToken(PATH, 'door', lock.token)).toBe(true)
  expect(await failure(ydb.checkToken(PATH, 'door', lock.token))).toBeInstanceOf(UnsupportedError)
  const fence = { name: 'door', token: lock.token }
  await tenure.storage(PATH).put({ key: 'a', value: '1' }, { fence })
  const waiting = two.mutex('door').lock()
  await lock.release()
  await using next = await waiting
  expect(await one.mutex('door').tryLock()).toBeNull()
  const late = tenure.storage(PATH).put({ key: 'a', value: '2' }, { fence })
  expect(await failure(late)).toMatchObject({ code: 'FENCED' })
  const { owners } = await one.semaphore('door').describe({ owners: true })
  expect(owners).toMatchObject([{ sessionId: two.id, orderId: next.token }])
})

test('a registry has the entries of both', async () => {
  await using meeting = await meet()
  await using one = await meeting.ydb.openSession(PATH)
  await using two = await meeting.tenure.openSession(PATH)
  const seen = [one, two].map((session) => {
    const state = { endpoints: [] as string[] }
    void (async () => {
      for await (const endpoints of session.registry('servers').watch(session.signal)) {
        state.endpoints = endpoints.map(({ data }) => Buffer.from(data).toString()).toSorted()
      }
    })().catch(() => undefined)
    return state
  })
  const all = (wanted: string[]): Promise<void> =>
    vi.waitFor(() => expect(seen).toEqual([{ endpoints: wanted }, { endpoints: wanted }]), PATIENCE)
  const first = await one.registry('servers').register('over ydb')
  await using second = await two.registry('servers').register('over tenure')
  await all(['over tenure', 'over ydb'])
  await second.update('changed')
  await all(['changed', 'over ydb'])
  await first[Symbol.asyncDispose]()
  await all(['changed'])
})

test('an election has one leader, whom both see', async () => {
  await using meeting = await meet()
  await using one = await meeting.ydb.openSession(PATH)
  await using two = await meeting.tenure.openSession(PATH)
  const leadership = await one.election('chair').campaign('over ydb')
  const waiting = two.election('chair').campaign('over tenure')
  const leader = await two.election('chair').leader()
  expect(leader).toMatchObject({ sessionId: one.id, term: leadership.token })
  await leadership.proclaim('changed')
  const proclaimed = await two.election('chair').leader()
  expect(Buffer.from(proclaimed?.data ?? []).toString()).toBe('changed')
  await leadership.resign()
  await using next = await waiting
  expect(next.token).toBeGreaterThan(leadership.token)
  expect(await one.election('chair').leader()).toMatchObject({ sessionId: two.id })
})

test('a configuration that one publishes reaches the other', async () => {
  await using meeting = await meet()
  await using one = await meeting.ydb.openSession(PATH)
  await using two = await meeting.tenure.openSession(PATH)
  const watch = one.config('flags').watch()[Symbol.asyncIterator]()
  const first = watch.next()
  await two.config('flags').publish('1')
  const { value } = await first
  expect(value).toBeDefined()
  await one.config('flags').publish('2')
  const read = await two.config('flags').get()
  expect(JSON.stringify(read)).not.toBe(JSON.stringify(value))
  await watch.return?.()
})

test('over YDB’s protocol there are no records, and the error says what to do', async () => {
  await using meeting = await meet()
  const error = await failure(meeting.ydb.storage(PATH).get('a'))
  expect(error).toBeInstanceOf(UnsupportedError)
  expect(error).toMatchObject({ message: expect.stringContaining('own protocol') })
})
