/** A server that follows a configuration file. */
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { connect } from '../../src/connect.ts'
import { serve } from '../../src/serve.ts'
import { Run } from '../command/terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenure-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ANY = { listen: '127.0.0.1:0', http: null } as const
const PATH = '/local/orders'

let files = 0

function written(text: string): string {
  files += 1
  const file = join(folder, `tenure-${files}.yaml`)
  writeFileSync(file, text)
  return file
}

function withTheme(settings: string, more = ''): string {
  return `${more}
listen: 127.0.0.1:0
http: 127.0.0.1:0
nodes:
  ${PATH}:
    themes:
      1: { ${settings} }
`
}

/** A server as a command, ended with the test. */
class Server {
  readonly run: Run
  readonly file: string
  address = ''

  constructor(text: string, words: readonly string[] = []) {
    this.file = written(text)
    this.run = new Run(['--json', 'serve', '--config', this.file, '--log-format', 'text', ...words])
    onTestFinished(async () => {
      this.run.send('SIGTERM')
      await this.run.exitCode
    })
  }

  async isUp(): Promise<this> {
    await this.run.lines(1)
    this.address = this.said('address')
    return this
  }

  /** What it said of itself when it was ready. */
  said(name: string): string {
    return new RegExp(`"${name}":"([^"]*)"`).exec(this.run.out)?.[1] ?? ''
  }

  /** Writes the file anew, and waits for the log to say so. */
  async again(text: string, said: string): Promise<void> {
    writeFileSync(this.file, text)
    const { length } = this.run.err
    this.run.send('SIGHUP')
    await vi.waitUntil(() => this.run.err.slice(length).includes(said))
  }

  async themes() {
    await using client = connect(this.address)
    const themes = await client.pipe(PATH).themes()
    return themes.map(({ theme, name, concurrency, handler }) => ({
      theme,
      name,
      concurrency,
      handler,
    }))
  }
}

// holds: S2-17
test('a node of the file is there with its themes before the server says that it is ready', async () => {
  const server = await new Server(withTheme('name: orders, concurrency: 8')).isUp()
  expect(await server.themes()).toEqual([{ theme: 1, name: 'orders', concurrency: 8, handler: '' }])
})

test('what was typed counts more than what the file says', async () => {
  const text = withTheme('name: orders', 'database: /elsewhere\nengine: file:/dev/null/nowhere')
  const server = await new Server(text, ['--database', '/local', '--engine', 'memory:']).isUp()
  expect(server.run.json()).toMatchObject([{ engine: 'memory', database: '/local' }])
})

test('the environment can name the file', async () => {
  const file = written('listen: nowhere\n')
  const run = new Run(['serve'], { environment: { TENURE_CONFIG: file } })
  expect(await run.exitCode).toBe(64)
  expect(run.err).toContain(`${file}:1: listen cannot be so`)
})

test('a file that is wrong keeps the server from starting, and all that is wrong is said', async () => {
  const { run, file } = new Server(withTheme('concurrency: many, color: red'))
  expect(await run.exitCode).toBe(64)
  const place = `${file}:7: nodes.${PATH}.themes.1`
  expect(run.err).toContain(
    `${place}.concurrency must be a whole number from 1 to 1000000, got "many"\n`,
  )
  expect(run.err).toContain(`${place}.color is unknown here`)
  expect(run.out).toBe('')
})

test('a node that cannot be made keeps the server from starting', async () => {
  const text = 'listen: 127.0.0.1:0\nhttp: 127.0.0.1:0\nnodes: { a: {}, a/b: {} }\n'
  const { run } = new Server(text)
  expect(await run.exitCode).toBe(69)
  expect(run.err).toContain('/local/a/b cannot be a coordination node: a node lies above it')
})

test('SIGHUP configures themes anew, and what is with a handler stays there', async () => {
  const server = await new Server(withTheme('name: orders, delaySeconds: 0')).isUp()
  await using client = connect(server.address)
  const pipe = client.pipe(PATH)
  const work = new EventEmitter()
  const done = once(work, 'done')
  const arrived = new Promise<AbortSignal>((resolve) => {
    void pipe.handle(1, async (_task, signal) => {
      resolve(signal)
      await done
    })
  })
  const task = await pipe.open(1, Buffer.from('charge'))
  await task.store()
  const signal = await arrived
  await server.again(withTheme('name: bills, delaySeconds: 0'), 'the configuration was read again')
  expect(await server.themes()).toMatchObject([{ name: 'bills' }])
  expect(signal.aborted).toBe(false)
  work.emit('done')
  await expect.poll(async () => (await pipe.themes())[0]?.active).toBe(0)
  expect(server.run.err).toContain(
    `a theme was configured anew file=${server.file} path=${PATH} theme=1`,
  )
})

test('themes that the file does not name stay as they are', async () => {
  const server = await new Server(withTheme('name: orders')).isUp()
  await using client = connect(server.address)
  await client.pipe(PATH).configure(2, { name: 'by a program' })
  await server.again('listen: 127.0.0.1:0\nhttp: 127.0.0.1:0\n', 'the configuration was read again')
  expect(await server.themes()).toMatchObject([{ name: 'orders' }, { name: 'by a program' }])
})

test('a file that has become wrong changes nothing, and says so', async () => {
  const server = await new Server(withTheme('name: orders')).isUp()
  await server.again(withTheme('name: bills, colour: red'), 'read again and not taken')
  expect(server.run.err).toContain(`${server.file}:7: nodes.${PATH}.themes.1.colour is unknown`)
  expect(await server.themes()).toMatchObject([{ name: 'orders' }])
  rmSync(server.file)
  server.run.send('SIGHUP')
  await expect.poll(() => server.run.err).toContain('cannot be read: ENOENT')
  expect(await server.themes()).toMatchObject([{ name: 'orders' }])
})

test('a setting that only a start can change is told by its name', async () => {
  const server = await new Server(withTheme('name: orders')).isUp()
  const text = withTheme('name: bills', 'insecure: true\ndata: elsewhere')
  await server.again(text, 'the configuration was read again')
  const said = 'a setting was changed that the server takes only when it starts'
  expect(server.run.err).toContain(`${said} file=${server.file} setting=engine`)
  expect(server.run.err).toContain(`${said} file=${server.file} setting=insecure`)
  expect(await server.themes()).toMatchObject([{ name: 'bills' }])
})

test('a theme that is as it should be is not written again', async () => {
  const themes = { 1: { name: 'orders' } }
  await using serving = await serve({ ...ANY, nodes: [{ path: 'orders', themes }] })
  expect(await serving.configure([{ path: PATH, themes }])).toEqual([])
  const changed = { 1: { name: 'orders', maxRepeats: 3 }, 2: {} }
  const changes = await serving.configure([{ path: PATH, themes: changed }])
  expect(changes).toEqual([
    { path: PATH, theme: 1 },
    { path: PATH, theme: 2 },
  ])
})

test.for([
  [{ path: '/elsewhere/x', themes: {} }, RangeError],
  [{ path: 'x', themes: { 1: { handler: 'nowhere' } } }, RangeError],
  [{ path: 'x', themes: { 1: { concurrency: 0 } } }, 'the concurrency must be from 1'],
] as const)('a program cannot set up %j', async ([node, error]) => {
  await expect(serve({ ...ANY, nodes: [node] })).rejects.toThrow(error)
})

// holds: S2-01, S2-15
// guards: J2
test('the server takes due tasks to the handler that the file names, and shows that in its metrics', async () => {
  const bodies: string[] = []
  const handler = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += String(chunk)))
    request.on('end', () => {
      bodies.push(body)
      // The first attempt fails.
      response.writeHead(bodies.length === 1 ? 500 : 200).end()
    })
  })
  await new Promise<void>((resolve) => handler.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void handler.close())
  const address = handler.address()
  if (address === null || typeof address === 'string') throw new Error('it does not listen')
  const origin = `http://127.0.0.1:${address.port}`
  const theme = `name: orders, delaySeconds: 0, handler: "${origin}/tasks"`
  const server = await new Server(withTheme(theme)).isUp()
  await using client = connect(server.address)
  const task = await client.pipe(PATH).open(1, Buffer.from('charge'))
  await task.store()
  await expect.poll(() => bodies.length).toBe(2)
  const record = Buffer.from('charge').toString('base64')
  expect(bodies.map((body) => JSON.parse(body) as unknown)).toMatchObject([
    { path: PATH, theme: 1, name: 'orders', attempt: 1, repeats: 1, records: [record] },
    { path: PATH, theme: 1, name: 'orders', attempt: 2, repeats: 2, records: [record] },
  ])
  const metrics = await (await fetch(`http://${server.said('http')}/metrics`)).text()
  expect(metrics).toContain(`tenure_delivery_hand_outs_total{endpoint="${origin}"} 2`)
  expect(metrics).toContain(`tenure_delivery_failures_total{endpoint="${origin}"} 1`)
  expect(metrics).toContain(`tenure_delivery_backing_off{endpoint="${origin}"} 0`)
})
