/**
 * A disk without room under a real server: writes are refused and say so, reads and keep-alives go on, sessions live, and service
 * resumes once there is room again, without a restart.
 *
 * guards: D1, D2, D4, S1
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Client, Session } from 'tenure'
import { NotFoundError, TenureError, connect } from 'tenure'
import { expect, onTestFinished, test } from 'vitest'
import type { TestContext } from 'vitest'
import { lacks } from '../../needs.ts'
import { BuiltServer } from '../../built-server.ts'

const PATH = '/local/full'
const DATA_BYTES = 20_000
/** Sessions of this length must be kept alive while there is no room. */
const TIMEOUT_MS = 2_000
const WITHOUT_ROOM_MS = 2 * TIMEOUT_MS
const READ_PAUSE_MS = 100
const ANSWER_MAX_MS = 3_000
const REPEATED_MS = 500
/** Longer than any pause between two looks at the disk. */
const ROOM_SEEN_MAX_MS = 15_000

/** A small file system in memory, and a file that takes half of it until it is removed. */
function smallDisk(context: TestContext): { root: string; store: string; makeRoom: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'tenure-small-'))
  const options = ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root]
  if (spawnSync('mount', options).status !== 0) {
    rmdirSync(root)
    lacks(context, 'tmpfs')
  }
  onTestFinished(() => {
    spawnSync('umount', ['-l', root])
    rmdirSync(root)
  })
  const ballast = join(root, 'ballast')
  writeFileSync(ballast, Buffer.alloc(512 * 1024))
  return { root, store: join(root, 'store'), makeRoom: () => rmSync(ballast) }
}

/**
 * Makes semaphores until there is no room.
 *
 * The one that met the full disk is known neither way: its client goes on asking until it is told to stop.
 */
async function fill(session: Session, made: string[]): Promise<void> {
  for (;;) {
    const name = `made-${made.length}`
    const signal = AbortSignal.timeout(ANSWER_MAX_MS)
    try {
      await session.semaphore(name).create({ limit: 1, data: Buffer.alloc(DATA_BYTES, 1) }, signal)
      made.push(name)
    } catch (error) {
      if (!signal.aborted) throw error
      return
    }
  }
}

async function missing(client: Client, names: readonly string[]): Promise<string[]> {
  await using session = await client.openSession(PATH)
  const looks = names.map(async (name) => {
    const { data } = await session.semaphore(name).describe()
    return data.length === DATA_BYTES ? [] : [name]
  })
  return (await Promise.all(looks)).flat()
}

async function isThere(session: Session, name: string): Promise<boolean> {
  try {
    await session.semaphore(name).describe()
    return true
  } catch (error) {
    if (error instanceof NotFoundError) return false
    throw error
  }
}

/** Asks for what is there, again and again, while the server has no room. */
async function readOn(session: Session, name: string): Promise<void> {
  const endsAt = performance.now() + WITHOUT_ROOM_MS
  while (performance.now() < endsAt) {
    await session.semaphore(name).describe()
    await setTimeout(READ_PAUSE_MS)
  }
}

test('a server whose disk is full refuses writes, serves reads, keeps sessions, and takes writes again once there is room', async (context) => {
  const disk = smallDisk(context)
  const made: string[] = []
  const refused: string[] = []
  {
    await using server = await BuiltServer.start(disk.store)
    await using client = connect(server.address)
    await using session = await client.openSession(PATH, { timeout: TIMEOUT_MS, createNode: true })
    await using held = await session.semaphore('held').acquire({ ephemeral: true })

    await fill(session, made)
    await expect
      .poll(() => refusalOf(session, { made, refused }), { timeout: ROOM_SEEN_MAX_MS })
      .toBe('OVERLOADED')
    await readOn(session, 'made-0')
    expect(held.signal.aborted).toBe(false)
    expect(await thereOf(session, refused)).toEqual([])

    disk.makeRoom()
    await expect
      .poll(
        () =>
          session
            .semaphore('after')
            .create({ limit: 1 })
            .then(() => 'made', codeOf),
        {
          timeout: ROOM_SEEN_MAX_MS,
        },
      )
      .toBe('made')
    expect(held.signal.aborted).toBe(false)
    expect(await missing(client, made)).toEqual([])
    await server.end('SIGKILL')
  }
  await using server = await BuiltServer.start(disk.store)
  await using client = connect(server.address)
  expect(await missing(client, made)).toEqual([])
  await using session = await client.openSession(PATH)
  expect(await isThere(session, 'after')).toBe(true)
  expect(await thereOf(session, refused)).toEqual([])
})

/**
 * Asks for one more large semaphore, and notes its name when it is not made.
 *
 * @returns the code of the refusal. A request that itself meets the full disk has none: it is repeated until it is given up
 */
async function refusalOf(
  session: Session,
  { made, refused }: { made: string[]; refused: string[] },
): Promise<unknown> {
  const name = `more-${made.length}-${refused.length}`
  const signal = AbortSignal.timeout(REPEATED_MS)
  const options = { limit: 1, data: Buffer.alloc(DATA_BYTES, 2) }
  const outcome = await session
    .semaphore(name)
    .create(options, signal)
    .then(() => 'made', codeOf)
  if (outcome === 'made') made.push(name)
  else refused.push(name)
  return outcome
}

async function thereOf(session: Session, names: readonly string[]): Promise<string[]> {
  const looks = names.map(async (name) => ((await isThere(session, name)) ? [name] : []))
  return (await Promise.all(looks)).flat()
}

function codeOf(error: unknown): unknown {
  return error instanceof TenureError ? error.code : error
}
