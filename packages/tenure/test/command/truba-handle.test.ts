/** `tenure truba handle`, in process: a command finishes the tasks of a theme. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pipe } from '@tenure/client'
import { expect, test, vi } from 'vitest'
import type { Run } from './terminal.ts'
import type { CommandWorld } from './world.ts'
import { commandWorld } from './world.ts'

interface HandleWorld extends AsyncDisposable {
  readonly world: CommandWorld
  readonly pipe: Pipe
  readonly file: string
  /** Runs a script of sh for each task; `$OUT` is the file. */
  handle(script: string, ...options: readonly string[]): Run
  /** What is in the file, or empty. */
  written(): string
}

/** Theme 7: whatever fails comes back in an hour. */
async function handleWorld(kind: 'in process' | 'on a server'): Promise<HandleWorld> {
  const world = await commandWorld(kind)
  const folder = mkdtempSync(join(tmpdir(), 'tenure-handle-'))
  const file = join(folder, 'out')
  const pipe = world.client.pipe(world.path)
  await pipe.configure(7, { name: 'orders', delaySeconds: 3_600 })
  return {
    world,
    pipe,
    file,
    handle: (script, ...options) => {
      const words = ['truba', 'handle', '7', ...options, '--', 'sh', '-c', script]
      return world.start(['--json', ...words], { environment: { OUT: file } })
    },
    written: () => readFileSync(file, { encoding: 'utf8', flag: 'a+' }),
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Opens a task that is due at once. */
async function dueTask(pipe: Pipe, ...records: readonly string[]): Promise<string> {
  const [first, ...others] = records
  const task = await pipe.open(7, first)
  for (const record of others) await task.append(record)
  const { id } = task
  await task.store()
  await pipe.requeue(id)
  return id.toString()
}

async function endedBy(run: Run, signal: 'SIGINT' | 'SIGTERM'): Promise<number> {
  run.send(signal)
  return run.exitCode
}

const BOTH = ['in process', 'on a server'] as const

// holds: S2-14, S2-15
test.concurrent.for(BOTH)(
  'the command reads the records a line each, and knows the task; 0 deletes it, %s',
  async (kind) => {
    await using stage = await handleWorld(kind)
    const id = await dueTask(stage.pipe, 'one', 'two')
    const say = 'echo "$TENURE_TASK $TENURE_ATTEMPT $TENURE_REPEATS $TENURE_THEME"'
    const run = stage.handle(`{ cat; ${say}; } > "$OUT"`, '--lines')
    await run.lines(2)
    expect(run.json()).toEqual([
      { id, theme: 7, attempt: 1, event: 'started' },
      { id, theme: 7, attempt: 1, event: 'finished' },
    ])
    expect(stage.written()).toBe(`one\ntwo\n${id} 1 1 7\n`)
    expect(await endedBy(run, 'SIGTERM')).toBe(143)
    await expect(stage.pipe.show(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  },
)

test.concurrent('the command reads each record behind its length', async () => {
  await using stage = await handleWorld('in process')
  await dueTask(stage.pipe, 'a\nb', '')
  const run = stage.handle('od -An -tx1 | tr -d " \\n" > "$OUT"')
  await run.lines(2)
  expect(stage.written()).toBe('00000003610a6200000000')
  expect(await endedBy(run, 'SIGINT')).toBe(130)
})

// holds: S2-15
test.concurrent('exit code 75 stores the task, and another one besides says why', async () => {
  await using stage = await handleWorld('in process')
  const ids = [await dueTask(stage.pipe, 'later'), await dueTask(stage.pipe, 'broken')]
  const script = 'case "$(cat)" in later) exit 75;; *) kill -9 $$;; esac'
  const run = stage.handle(script, '--lines', '--concurrency', '2')
  await run.lines(4)
  expect(await endedBy(run, 'SIGTERM')).toBe(143)
  const [later, broken] = await Promise.all(ids.map((id) => stage.pipe.show(id)))
  expect(later).toMatchObject({ state: 'stored', repeats: 1, failure: null })
  expect(broken).toMatchObject({ state: 'stored', repeats: 1, failure: 'sh: signal SIGKILL' })
  const failing = stage.handle('exit 3')
  await stage.pipe.requeue(ids[0] ?? '')
  await failing.lines(2)
  expect(await endedBy(failing, 'SIGTERM')).toBe(143)
  expect(await stage.pipe.show(ids[0] ?? '')).toMatchObject({ failure: 'sh: exit code 3' })
})

test.concurrent('the first signal lets what runs finish, and takes nothing more', async () => {
  await using stage = await handleWorld('in process')
  await dueTask(stage.pipe, 'x')
  const run = stage.handle('mkfifo "$OUT.go"; echo > "$OUT"; read -r line < "$OUT.go"')
  await run.lines(1)
  run.send('SIGTERM')
  await vi.waitFor(() => expect(stage.written()).toBe('\n'))
  const next = await dueTask(stage.pipe, 'y')
  writeFileSync(`${stage.file}.go`, 'go\n')
  expect(await run.exitCode).toBe(143)
  expect(run.err).toContain('a second signal ends those at work')
  expect(run.json()).toMatchObject([{ event: 'started' }, { event: 'finished' }])
  expect(await stage.pipe.show(next)).toMatchObject({ state: 'stored', attempt: 0 })
})

test.concurrent('the second signal stops what runs, and its task is stored', async () => {
  await using stage = await handleWorld('in process')
  const id = await dueTask(stage.pipe, 'x')
  const run = stage.handle('sleep 60')
  await run.lines(1)
  run.send('SIGINT')
  run.send('SIGINT')
  expect(await run.exitCode).toBe(130)
  expect(await stage.pipe.show(id)).toMatchObject({
    state: 'stored',
    failure: 'sh: signal SIGTERM',
  })
})

// holds: S2-16
test.concurrent.for(BOTH)('a command is stopped when its task is lost, %s', async (kind) => {
  await using stage = await handleWorld(kind)
  const id = await dueTask(stage.pipe, 'x')
  const run = stage.handle('sleep 60')
  await run.lines(1)
  const { operator } = await stage.pipe.show(id)
  await stage.world.client.endSession(stage.world.path, operator ?? 0n)
  await run.lines(2)
  expect(run.json()).toMatchObject([{ event: 'started' }, { id, event: 'lost' }])
  expect(await stage.pipe.show(id)).toMatchObject({ state: 'stored', operator: null })
  expect(await endedBy(run, 'SIGTERM')).toBe(143)
})

test.concurrent('a handler needs a command, and a theme that is configured', async () => {
  await using stage = await handleWorld('in process')
  expect((await stage.world.ends(['truba', 'handle', '7'])).code).toBe(64)
  const unknown = await stage.world.ends(['truba', 'handle', '8', '--', 'true'])
  expect(unknown.code).toBe(1)
  expect(unknown.err).toMatch(/UNKNOWN_THEME.*\(status 4000\)\n$/)
  const wrong = await stage.world.ends(['truba', 'handle', '7', '--concurrency', '0', '--', 'true'])
  expect(wrong.code).toBe(64)
})
