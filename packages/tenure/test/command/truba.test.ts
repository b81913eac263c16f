/** `tenure truba`, in process: tasks are opened, looked at and changed. */
import { expect, test, vi } from 'vitest'
import type { CommandWorld } from './world.ts'
import { commandWorld, KINDS } from './world.ts'

/** Theme 7: nothing comes back while a test runs. */
async function trubaWorld(kind: (typeof KINDS)[number]): Promise<CommandWorld> {
  const world = await commandWorld(kind)
  await world.client.pipe(world.path).configure(7, { name: 'orders', delaySeconds: 3_600 })
  return world
}

/** Records behind their lengths. */
function frames(...records: readonly string[]): string {
  return records.map((record) => `\0\0\0${String.fromCodePoint(record.length)}${record}`).join('')
}

async function records(world: CommandWorld, id: string): Promise<string[]> {
  const shown = await world.client.pipe(world.path).show(id)
  return shown.records.map((record) => new TextDecoder().decode(record))
}

/** The id of a task that the command has opened. */
async function opened(world: CommandWorld, ...words: readonly string[]): Promise<string> {
  const run = await world.ends(['truba', 'open', '7', ...words])
  expect(run).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^\d+\.\d+\n$/) })
  return run.out.trim()
}

test.for(KINDS)(
  'truba theme makes a theme known, changes what is given and keeps the rest, %s',
  async (kind) => {
    await using world = await commandWorld(kind)
    const unnamed = await world.ends(['truba', 'theme', '9', '--delay', '5'])
    expect(unnamed).toMatchObject({ code: 64, err: expect.stringContaining('--name') })
    const settings = ['--jitter', '1m', '--concurrency', '4', '--max-repeats', '3']
    const words = ['truba', 'theme', '9', '--name', 'mail', '--delay', '5', ...settings]
    expect(await world.ends(words)).toMatchObject({ code: 0, out: 'theme 9 is configured\n' })
    await world.ends(['truba', 'theme', '9', '--handler', 'http://127.0.0.1:1/x'])
    await world.ends(['truba', 'theme', '9', '--max-repeats', 'none', '--max-bytes', '100'])
    expect((await world.ends(['--json', 'truba', 'themes'])).json()).toEqual([
      {
        theme: 9,
        name: 'mail',
        handler: 'http://127.0.0.1:1/x',
        handlerSeconds: 60,
        delaySeconds: 5,
        jitterSeconds: 60,
        concurrency: 4,
        maxRepeats: null,
        maxBytes: 100,
        active: 0,
        stored: 0,
        dead: 0,
        handedOut: 0,
        handlers: expect.any(Number),
      },
    ])
    await world.ends(['truba', 'theme', '9', '--handler', '', '--max-repeats', '2'])
    const { out } = await world.ends(['truba', 'themes'])
    expect(out).toContain('theme 9 "mail": 0 active (0 with handlers), 0 stored, 0 dead')
    expect(out).toContain('comes back after 5s and up to 60s, at most 2 times, 4 at a time')
    expect(out).toContain('handlers come to it')
    const wrong = await world.ends(['truba', 'theme', '9', '--handler', 'ftp://x'])
    expect(wrong).toMatchObject({ code: 64, err: expect.stringContaining('grpc://host:port') })
  },
)

test.for(KINDS)(
  'truba open writes records of the command line and stores the task, %s',
  async (kind) => {
    await using world = await trubaWorld(kind)
    const id = await opened(world, 'charge 5', 'ship')
    expect(await records(world, id)).toEqual(['charge 5', 'ship'])
    const [task] = (await world.ends(['--json', 'truba', 'show', id])).json()
    expect(task).toMatchObject({ id, theme: 7, state: 'stored', attempt: 0, repeats: 0 })
    const sooner = await opened(world, 'x', '--store', '10m')
    const list = await world.ends(['--json', 'truba', 'list', '--state', 'stored'])
    expect(list.json()).toMatchObject([{ id: sooner }, { id }])
    const gone = await opened(world, 'x', '--delete')
    expect((await world.ends(['truba', 'show', gone])).code).toBe(1)
  },
)

test.for(KINDS)(
  'truba open reads records from stdin, behind their lengths or line by line, %s',
  async (kind) => {
    await using world = await trubaWorld(kind)
    const read = async (stdin: string, ...words: string[]): Promise<string[]> => {
      const run = await world.ends(['truba', 'open', '7', ...words], { stdin })
      expect(run).toMatchObject({ code: 0, err: '' })
      return records(world, run.out.trim())
    }
    expect(await read(frames('one', '', 'two\n'))).toEqual(['one', '', 'two\n'])
    expect(await read('a\n\nlast', '--lines')).toEqual(['a', '', 'last'])
    expect(await read('a\n', 'first', '-', 'last', '--lines')).toEqual(['first', 'a', 'last'])
    expect(await read('')).toEqual([])
    const cut = await world.ends(['truba', 'open', '7'], { stdin: 'no frame' })
    expect(cut).toMatchObject({ code: 64, err: expect.stringContaining('--lines') })
  },
)

// holds: S2-17, S2-19
test.for(KINDS)(
  'what the log refuses is told with its code and the number of the reference design, %s',
  async (kind) => {
    await using world = await trubaWorld(kind)
    const pipe = world.client.pipe(world.path)
    const unknown = await world.ends(['truba', 'open', '8', 'x'])
    expect(unknown.code).toBe(1)
    expect(unknown.err).toMatch(/UNKNOWN_THEME.*\(status 4000\)\n$/)
    await pipe.configure(7, { name: 'orders', delaySeconds: 3_600, maxBytes: 8 })
    const large = await world.ends(['truba', 'open', '7', 'five5', 'five5'])
    expect(large.code).toBe(1)
    expect(large.err).toMatch(/TASK_TOO_LARGE.*\(status 2000\)\n$/)
    // Half of it would be no task.
    expect((await world.ends(['truba', 'list'])).out).toBe('')
    await using held = await pipe.open(7, 'held')
    const busy = await world.ends(['truba', 'delete', held.id.toString()])
    expect(busy).toMatchObject({ code: 1, err: expect.stringContaining('is with somebody') })
    expect((await world.ends(['truba', 'drop', '1.999'])).code).toBe(1)
    expect((await world.ends(['truba', 'show', 'seven'])).code).toBe(64)
    expect((await world.ends(['truba', 'open', 'seven', 'x'])).code).toBe(64)
    expect((await world.ends(['truba', 'open', '7', 'x', '--store', '--delete'])).code).toBe(64)
  },
)

test.for(KINDS)(
  'truba append, replace, store and delete take a stored task in hand, %s',
  async (kind) => {
    await using world = await trubaWorld(kind)
    const id = await opened(world, 'one')
    const { out } = await world.ends(['truba', 'append', id, 'two', 'three'])
    expect(out).toBe(`appended 2 records to ${id}\n`)
    expect(await records(world, id)).toEqual(['one', 'two', 'three'])
    await world.ends(['truba', 'append', id], { stdin: frames('four') })
    expect(await records(world, id)).toEqual(['one', 'two', 'three', 'four'])
    await world.ends(['truba', 'replace', id, 'new', 'newer', '--delay', '2h'])
    expect(await records(world, id)).toEqual(['new', 'newer'])
    const late = await world.client.pipe(world.path).show(id)
    await world.ends(['truba', 'store', id])
    const stored = await world.client.pipe(world.path).show(id)
    expect(stored).toMatchObject({ state: 'stored', repeats: 4, attempt: 4 })
    expect(Number(late.dueSecond) - Number(stored.dueSecond)).toBeGreaterThan(3_000)
    expect((await world.ends(['truba', 'delete', id])).out).toBe(`deleted ${id}\n`)
    expect((await world.ends(['truba', 'store', id])).code).toBe(1)
  },
)

// holds: S2-20
test.for(KINDS)(
  'a dead task is listed with its number, requeued, and dropped, %s',
  async (kind) => {
    await using world = await commandWorld(kind)
    await world.client.pipe(world.path).configure(7, { name: 'orders', maxRepeats: 1 })
    const id = await opened(world, 'one')
    await world.ends(['truba', 'store', id])
    const dead = await world.ends(['truba', 'list', '--state', 'dead', '--theme', '7'])
    expect(dead.out).toBe(
      `${id} theme 7 dead (status 2001), 1 record, 3 bytes, handed out 1 time\n`,
    )
    expect((await world.ends(['truba', 'list', '--theme', '8'])).out).toBe('')
    const again = await world.ends(['truba', 'requeue', id, '--delay', '1h'])
    expect(again.out).toBe(`requeued ${id}\n`)
    const [stored] = (await world.ends(['--json', 'truba', 'show', id])).json()
    expect(stored).toMatchObject({ state: 'stored', repeats: 0, attempt: 1 })
    expect((await world.ends(['truba', 'drop', id])).out).toBe(`dropped ${id}\n`)
    expect((await world.ends(['truba', 'list'])).out).toBe('')
  },
)

test.for(KINDS)('records that are no text are shown in base64, %s', async (kind) => {
  await using world = await trubaWorld(kind)
  const task = await world.client.pipe(world.path).open(7, new Uint8Array([0xff, 0]))
  await task.append('text\u001b[31m')
  const id = task.id.toString()
  const active = await world.ends(['truba', 'show', id])
  expect(active.out).toMatch(/ theme 7 active, with session \d+, 2 records, 11 bytes\n/)
  expect(active.out).toContain('  1: base64:/wA=\n  2: "text\\u001b[31m"\n')
  await task.store()
  const [shown] = (await world.ends(['--json', 'truba', 'show', id])).json()
  expect(shown).toMatchObject({ records: [{ dataBase64: '/wA=' }, { data: 'text\u001b[31m' }] })
  const limited = await world.ends(['truba', 'list', '--limit', '1'])
  expect(limited.out.split('\n')).toHaveLength(2)
})

test.for(KINDS)(
  'truba open keeps the task open while its command runs: 0 deletes it, another code stores it, %s',
  async (kind) => {
    await using world = await trubaWorld(kind)
    const command = (script: string): Promise<{ readonly code: number; readonly err: string }> =>
      world.ends(['truba', 'open', '7', 'begun', '--', 'sh', '-c', script])
    expect((await command('test -n "$TENURE_TASK" && test "$TENURE_THEME" = 7')).code).toBe(0)
    expect((await world.ends(['truba', 'list'])).out).toBe('')
    const failed = await command('exit 3')
    expect(failed.code).toBe(3)
    expect(failed.err).toMatch(/stored task \d+\.\d+ after exit code 3/)
    const [task] = (await world.ends(['--json', 'truba', 'list'])).json()
    expect(task).toMatchObject({ state: 'stored', recordsCount: 1 })
    const both = ['truba', 'open', '7', 'x', '--delete', '--', 'true']
    expect((await world.ends(both)).code).toBe(64)
  },
)

// holds: S2-16
test.for(KINDS)(
  'a command whose task is lost is stopped, with 76, and the task is stored, %s',
  async (kind) => {
    await using world = await trubaWorld(kind)
    const run = world.start(['truba', 'open', '7', 'begun', '--', 'sleep', '60'])
    const pipe = world.client.pipe(world.path)
    const operator = await vi.waitFor(async () => {
      for await (const task of pipe.list({ state: 'active' })) return task.operator
      throw new Error('the task is not open yet')
    })
    await world.client.endSession(world.path, operator ?? 0n)
    expect(await run.exitCode).toBe(76)
    expect(run.err).toMatch(/the task \d+\.\d+ was lost, the command has been stopped/)
    const [task] = (await world.ends(['--json', 'truba', 'list'])).json()
    expect(task).toMatchObject({ state: 'stored' })
  },
)
