/** What a host tells of the themes of its nodes' session logs. */
import { THEMES_KEY } from '@tenure/kernel'
import { expect, test } from 'vitest'
import { LogVisitor, visitLog } from '../tablet/log-visitor.ts'
import { settle } from '../tablet/manual-clock.ts'
import { MoodyEngine } from '../tablet/moody-engine.ts'
import { createNode, nodeAt, PATH, stage } from '../tablet/stage.ts'

const HANDLER = 'http://127.0.0.1:1/handle'

/** A host that remembers what it told, in short. */
function themeStage(engine?: MoodyEngine) {
  const told: string[] = []
  const set = stage(
    {
      themesChanged: (path, themes) => {
        told.push([path, ...themes.map(({ theme, handler }) => `${theme}=${handler}`)].join(' '))
      },
    },
    engine,
  )
  return { ...set, told }
}

async function themedPaths(host: { themed(): AsyncIterable<string> }): Promise<string[]> {
  const paths: string[] = []
  for await (const path of host.themed()) paths.push(path)
  return paths
}

test('a change of themes is told once it is durable, and what was refused is not', async () => {
  const { host, engine, told } = themeStage()
  const visitor = await visitLog(await createNode(host))
  engine.holding = true
  visitor.configure()
  visitor.configure({ theme: 8, handler: HANDLER })
  await settle()
  expect(told).toEqual([])
  engine.letAll()
  await settle()
  expect(told.at(-1)).toBe(`${PATH} 7= 8=${HANDLER}`)
  const { length } = told
  visitor.configure({ concurrency: 0 })
  visitor.open()
  await settle()
  expect(visitor.said.slice(-2)).toEqual(['refused', 'task-opened'])
  expect(told).toHaveLength(length)
  visitor.dropNode()
  await settle()
  expect(told.at(-1)).toBe(PATH)
})

test('a change of themes whose commit fails is not told', async () => {
  const { host, engine, told } = themeStage()
  const visitor = await visitLog(await createNode(host))
  engine.moods.push('fails-before')
  visitor.configure()
  await settle()
  expect(visitor.end).toBe('failed')
  expect(told).toEqual([])
})

test('a node that is loaded with themes is told of, and one without is not', async () => {
  const first = themeStage()
  const visitor = await visitLog(await createNode(first.host))
  await createNode(first.host, '/local/plain')
  visitor.configure()
  await settle()
  await first.host.close()
  const next = themeStage(first.engine)
  await nodeAt(next.host, '/local/plain')
  expect(next.told).toEqual([])
  await nodeAt(next.host)
  expect(next.told).toEqual([`${PATH} 7=`])
})

test('nodes whose tasks are taken to somebody are found without being loaded', async () => {
  const { host, engine } = stage()
  for (const [path, handler] of [
    ['/local/a', HANDLER],
    ['/local/b', ''],
    ['/local/c', HANDLER],
  ] as const) {
    const visitor = new LogVisitor(await createNode(host, path))
    visitor.configure({ handler: '' })
    visitor.configure({ theme: 8, handler })
    await settle()
  }
  await createNode(host, '/local/d')
  await host.close()
  const damaged = await engine.claim('/local/damaged', { id: 'other', address: '' })
  await damaged.commit([{ kind: 'put', key: THEMES_KEY, value: new Uint8Array([99]) }])
  const { claims } = engine
  const next = stage({}, engine)
  expect(await themedPaths(next.host)).toEqual(['/local/a', '/local/c'])
  expect(engine.claims).toBe(claims)
  expect(next.host.statistics().tablets).toBe(0)
})
