/** Tasks that the server takes to the endpoints of handlers, from end to end. */
import { expect, onTestFinished, test } from 'vitest'
import type { TaskHandler } from '../../src/index.ts'
import { connect, serve, serveHandlers } from '../../src/index.ts'

const PATH = '/local/orders'
const THEME = 1

async function stage(handler: TaskHandler) {
  const handlers = await serveHandlers({ [THEME]: handler }, { listen: '127.0.0.1:0' })
  onTestFinished(() => handlers.close())
  const themes = { [THEME]: { handler: handlers.address, delaySeconds: 0 } }
  const nodes = [{ path: PATH, themes }]
  const serving = await serve({ listen: '127.0.0.1:0', http: null, nodes })
  onTestFinished(() => serving.close())
  const client = connect(serving.address)
  onTestFinished(() => client.close())
  return { handlers, serving, pipe: client.pipe(PATH) }
}

// holds: S2-01, S2-15
// guards: J2, J3
test('a task is taken to its handler until that has finished it, with all that was written down on the way', async () => {
  const seen: string[] = []
  const { pipe } = await stage(async ({ records, task, repeats }) => {
    const words = records.map((record) => Buffer.from(record).toString())
    seen.push(`${repeats}: ${words.join(' ')}`)
    if (repeats === 1) await task.append(Buffer.from('charged'))
    if (repeats === 1) throw new Error('the shipper does not answer')
    if (repeats === 2) await task.store(1)
  })
  const task = await pipe.open(THEME, Buffer.from('order'))
  await task.store()
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(3)
  expect(seen).toEqual(['1: order', '2: order charged', '3: order charged'])
  await expect.poll(async () => pipe.themes()).toMatchObject([{ active: 0, stored: 0, dead: 0 }])
})

// guards: J2
test('a server that stops takes its tasks back from their handlers', async () => {
  const signals: AbortSignal[] = []
  const { pipe, serving } = await stage(async (_handOut, signal) => {
    signals.push(signal)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })
  await (await pipe.open(THEME, Buffer.from('order'))).store()
  await expect.poll(() => signals.length).toBe(1)
  await serving.close()
  await expect.poll(() => signals[0]?.aborted).toBe(true)
})
