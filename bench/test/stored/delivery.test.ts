import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'tenure'
import { expect, onTestFinished, test } from 'vitest'
import { type Deliverer, deliver } from '../../src/stored/delivery.ts'
import { fill } from '../../src/stored/fill.ts'

const THEME = 3

test('a store that was filled without a client hands its tasks out to one, all of them and in order', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tenure-bench-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const filling = { folder, path: '/local/bench', theme: THEME, delaySeconds: [0, 0] } as const
  await fill({ ...filling, tasks: 100 })
  await fill({ ...filling, tasks: 100 })

  const client = connect(`file:${folder}`)
  onTestFinished(() => client.close())
  const pipe = client.pipe('bench')
  const { tasks } = await deliver(pipe, THEME, process.pid)
  expect(tasks).toBe(200)
  expect(await pipe.themes()).toMatchObject([{ theme: THEME, stored: 0, active: 0 }])
})

// No server of ours does this, so that a made-up one has to.
test('a task that comes before one that is due earlier is told', async () => {
  const client = connect('memory:')
  onTestFinished(() => client.close())
  await client.createNode('bench')
  const pipe = client.pipe('bench')
  await pipe.configure(THEME, { delaySeconds: 0, concurrency: 1 })
  for (let task = 0; task < 2; task++) await (await pipe.open(THEME)).store()
  const backwards: Deliverer = {
    configure: (...wanted) => pipe.configure(...wanted),
    handle: (...wanted) => pipe.handle(...wanted),
    async *list(options) {
      for await (const task of pipe.list(options)) {
        yield { ...task, dueSecond: -Number(task.id.index) }
      }
    },
  }
  await expect(deliver(backwards, THEME, process.pid)).rejects.toThrow('was due before it')
})
