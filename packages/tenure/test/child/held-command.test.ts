/** A command runs for exactly as long as its hold lasts, with real processes and a fake hold. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { EventEmitter } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@tenure/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HeldEnd } from '../../src/child/held-command.ts'
import { runWhileHeld } from '../../src/child/held-command.ts'
import { Interrupts } from '../../src/command/interrupts.ts'

const GRACE_MS = 150

let folder: string
let emitter: EventEmitter
let interrupts: Interrupts
let hold: AbortController

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenure-child-'))
  emitter = new EventEmitter()
  interrupts = new Interrupts(emitter)
  hold = new AbortController()
})

afterEach(() => {
  interrupts.close()
  rmSync(folder, { recursive: true, force: true })
})

function run(...command: string[]): Promise<HeldEnd> {
  return runWhileHeld(command, hold, {
    environment: { ...process.env, FOLDER: folder },
    graceMs: GRACE_MS,
    clock: systemClock,
    interrupts,
  })
}

/** The content of a file in the folder, as soon as it has some. */
async function said(file: string): Promise<string> {
  const path = join(folder, file)
  for (;;) {
    const aborted = new AbortController()
    const watcher = watch(folder, { signal: aborted.signal })
    const changed = once(watcher, 'change')
    changed.catch(() => {})
    try {
      const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
      if (text.endsWith('\n')) return text.trim()
      await changed
    } finally {
      aborted.abort()
    }
  }
}

/** Waits until no process of that id is left, or only its remains that nobody has collected. */
async function gone(pid: number): Promise<void> {
  const running = (): boolean => {
    try {
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  }
  while (running()) await new Promise((resolve) => setImmediate(resolve))
}

const FOREVER = 'while :; do sleep 0.01; done'

test('K2: the exit code of the command is passed through', async () => {
  expect(await run('sh', '-c', 'exit 7')).toEqual({ kind: 'exited', code: 7 })
})

test('K2: a command that a signal ended says which one', async () => {
  expect(await run('sh', '-c', 'kill -KILL $$')).toEqual({ kind: 'signalled', signal: 'SIGKILL' })
})

test('as in a shell, a program that does not exist ends with 127, one that cannot be run with 126', async () => {
  expect(await run('/no/such/program')).toEqual({ kind: 'exited', code: 127 })
  expect(await run('/etc/passwd')).toEqual({ kind: 'exited', code: 126 })
})

test('arguments and environment reach the command as they are', async () => {
  const words = ['', ' a  b ', '$HOME', '*', '-x', '--', "it's"]
  const script = `const [folder, ...words] = process.argv.slice(1); require('node:fs').writeFileSync(folder + '/words', JSON.stringify([words, process.env['odd.name'], process.env['F%%']]) + '\\n')`
  const end = await runWhileHeld([process.execPath, '-e', script, '--', folder, ...words], hold, {
    environment: { PATH: process.env['PATH'], 'odd.name': 'kept', 'F%%': '() { :; }' },
    graceMs: GRACE_MS,
    clock: systemClock,
    interrupts,
  })
  expect(end).toEqual({ kind: 'exited', code: 0 })
  expect(JSON.parse(await said('words'))).toEqual([words, 'kept', '() { :; }'])
})

test('nothing is started under a hold that is lost already', async () => {
  hold.abort(new Error('gone'))
  expect(await run('sh', '-c', 'echo started > $FOLDER/started')).toMatchObject({ kind: 'lost' })
  expect(existsSync(join(folder, 'started'))).toBe(false)
})

test('K4: a command is told to end by TERM when the hold is lost', async () => {
  const end = run(
    'sh',
    '-c',
    `trap 'echo told > $FOLDER/told; exit 0' TERM; echo up > $FOLDER/up; ${FOREVER}`,
  )
  await said('up')
  const reason = new Error('session expired')
  hold.abort(reason)
  expect(await end).toEqual({ kind: 'lost', reason })
  expect(await said('told')).toBe('told')
})

test('K4: a command that ignores TERM is killed when the grace is over, with all of its group', async () => {
  const script = `trap '' TERM; sh -c 'trap "" TERM; echo $$ > $FOLDER/grandchild; ${FOREVER}' & echo $$ > $FOLDER/child; ${FOREVER}`
  const end = run('sh', '-c', script)
  const pids = [Number(await said('grandchild')), Number(await said('child'))]
  const lostAtMs = performance.now()
  hold.abort(new Error('session expired'))
  expect((await end).kind).toBe('lost')
  const tookMs = performance.now() - lostAtMs
  expect(tookMs).toBeGreaterThanOrEqual(GRACE_MS - 1)
  await Promise.all(pids.map(gone))
})

test('K4: a stopped command is ended too', async () => {
  const end = run('sh', '-c', 'echo up > $FOLDER/up; kill -STOP $$; exit 3')
  await said('up')
  hold.abort(new Error('session expired'))
  expect((await end).kind).toBe('lost')
})

test.for(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const)(
  'K3: %s goes to the command',
  async (signal) => {
    const script = `trap 'exit 9' ${signal.slice(3)}; echo up > $FOLDER/up; ${FOREVER}`
    const end = run('sh', '-c', script)
    await said('up')
    emitter.emit(signal, signal)
    expect(await end).toEqual({ kind: 'exited', code: 9 })
    expect(interrupts.signal.aborted).toBe(false)
  },
)

test('K3: a second INT kills', async () => {
  const script = `trap 'echo first > $FOLDER/first' INT; echo up > $FOLDER/up; ${FOREVER}`
  const end = run('sh', '-c', script)
  await said('up')
  emitter.emit('SIGINT', 'SIGINT')
  await said('first')
  emitter.emit('SIGINT', 'SIGINT')
  expect(await end).toEqual({ kind: 'signalled', signal: 'SIGKILL' })
})

test('after TERM the run is over only when the whole group has ended', async () => {
  const script = `sh -c 'trap "sleep 0.05; echo tidy > $FOLDER/tidy; exit 0" TERM; echo up > $FOLDER/up; ${FOREVER}' & wait`
  const end = run('sh', '-c', script)
  await said('up')
  emitter.emit('SIGTERM', 'SIGTERM')
  expect(await end).toEqual({ kind: 'signalled', signal: 'SIGTERM' })
  expect(existsSync(join(folder, 'tidy'))).toBe(true)
})

test('a command and all of its group end when the process that runs it is killed', async () => {
  const program = `
    import { EventEmitter } from 'node:events'
    import { systemClock } from '@tenure/client'
    import { Interrupts } from '${join(import.meta.dirname, '../../dist/command/interrupts.js')}'
    import { runWhileHeld } from '${join(import.meta.dirname, '../../dist/child/held-command.js')}'
    await runWhileHeld(
      ['sh', '-c', "sh -c 'echo $$ > $FOLDER/grandchild; ${FOREVER}' & echo $$ > $FOLDER/child; wait"],
      new AbortController(),
      { environment: process.env, graceMs: 100, clock: systemClock, interrupts: new Interrupts(new EventEmitter()) },
    )`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    env: { ...process.env, FOLDER: folder },
    stdio: 'inherit',
  })
  const pids = [Number(await said('grandchild')), Number(await said('child'))]
  parent.kill('SIGKILL')
  await expect(Promise.all(pids.map(gone))).resolves.toBeDefined()
})
