/** The session log over real connections: what is counted, and hand-outs that are more than a client has read. */
import type { TaskHandedOutReply } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { dial, type FrameClient } from './frame-client.ts'
import { serveNode } from './harness.ts'

const THEME = 7
const RECORD = Buffer.alloc(1_000_000, 'x')
const TASKS = 20
/** From so much unsent on no records come unasked; what has been begun may pass it. */
const CROWDED_TASKS = 18

async function configure(client: FrameClient): Promise<void> {
  const limits = { concurrency: 100, repeatsMax: 3, taskBytesMax: 10_000_000 }
  const times = { handlerSeconds: 0, delaySeconds: 0, jitterSeconds: 0 }
  const config = { theme: THEME, name: 'secret-theme', handler: '', ...times, ...limits }
  await client.reply(client.askNode({ kind: 'configure-theme', config }), 'done')
}

/** Tasks that are due at once. */
async function store(client: FrameClient, channel: number, record: Uint8Array): Promise<void> {
  const opened = client.ask(channel, { kind: 'open-task', theme: THEME, record })
  const { task } = await client.reply(opened, 'task-opened')
  const stored = client.ask(channel, {
    kind: 'store-task',
    task,
    attempt: 0,
    delaySeconds: 0,
    failure: '',
  })
  await client.reply(stored, 'done')
}

test('metrics and the status page count tasks and hand-outs, and name no theme', async () => {
  const { server } = await serveNode({ http: { host: '127.0.0.1', port: 0 } })
  const client = dial(server)
  await configure(client)
  const { channel } = await client.open()
  await store(client, channel, Buffer.from('one'))
  await store(client, channel, Buffer.from('two'))
  const opened = client.ask(channel, { kind: 'open-task', theme: THEME, record: null })
  await client.reply(opened, 'task-opened')
  const handling = client.ask(channel, { kind: 'handle-theme', theme: THEME, concurrency: 1 })
  const { task } = await client.reply(handling, 'task-handed-out')
  const stale = client.ask(channel, { kind: 'delete-task', task, attempt: 0 })
  expect(await client.reply(stale, 'refused')).toMatchObject({ code: 'STALE_ATTEMPT' })
  const at = `http://127.0.0.1:${server.httpAddress?.port}`
  const metrics = await (await fetch(`${at}/metrics`)).text()
  for (const line of [
    'tenure_themes 1',
    'tenure_tasks_active 2',
    'tenure_tasks_stored 1',
    'tenure_tasks_dead 0',
    'tenure_tasks_handed_out 1',
    'tenure_task_handlers 1',
    'tenure_task_handouts_total 1',
    'tenure_task_refusals_total 1',
  ]) {
    expect(metrics).toContain(`${line}\n`)
  }
  expect(metrics).not.toContain('secret-theme')
  const page = await (await fetch(at)).text()
  expect(page).toContain('<tr><th>Tasks under way<td>2')
  expect(page).toContain('<tr><th>Tasks stored<td>1')
})

// guards: O3, J5
test('more tasks at once than a client has read come without their records, which it reads then', async () => {
  const { server } = await serveNode()
  const client = dial(server)
  await configure(client)
  const { channel } = await client.open()
  for (let count = 0; count < TASKS; count += 1) await store(client, channel, RECORD)
  client.pause()
  const handling = client.ask(channel, { kind: 'handle-theme', theme: THEME, concurrency: TASKS })
  await expect.poll(() => server.statistics().counters.handOuts).toBe(TASKS)
  client.resume()
  const ping = client.ping()
  await client.until('pong', ({ id }) => id === ping)
  const handedOut = client
    .repliesTo(handling)
    .filter((reply): reply is TaskHandedOutReply => reply.kind === 'task-handed-out')
  expect(handedOut).toHaveLength(TASKS)
  const short = handedOut.filter(({ records }) => records.length === 0)
  expect(short.length).toBeGreaterThanOrEqual(TASKS - CROWDED_TASKS)
  expect(short.every(({ more }) => more)).toBe(true)
  const [late] = short
  if (late === undefined) throw new Error('all came with their records')
  const { task, attempt } = late
  const read = client.ask(channel, { kind: 'read-task', task, attempt, from: 0 })
  const { records, more } = await client.reply(read, 'task-records')
  expect(records.map(({ length }) => length)).toEqual([RECORD.length])
  expect(more).toBe(false)
})
