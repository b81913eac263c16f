/**
 * Backups of a server at work, as processes.
 *
 * guards: D7, D1, D2, X2
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, prefix } from 'tenure'
import type { Client } from 'tenure'
import { afterAll, expect, test, vi } from 'vitest'
import { BuiltServer } from './built-server.ts'
import { ended, tenure } from './program.ts'

const PATH = '/local/pairs'

const root = mkdtempSync(join(tmpdir(), 'tenure-moving-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Where the backup goes on, whoever held the door then is waited for so long. */
const TIMEOUT_MS = 5_000
const PATIENCE = { timeout: 30_000, interval: 10 }
const DONE = { code: 0, signal: null }

/** Two records that are always written together, and locks, for as long as nobody says stop. */
class Load {
  readonly tokens: bigint[] = []
  acknowledged = 0
  readonly #client: Client
  readonly #running: Promise<void>[]
  #isOver = false

  constructor(client: Client) {
    this.#client = client
    this.#running = [this.#write(), this.#lock()]
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#running)
  }

  /** Resolves when so many more writes are acknowledged. */
  async goOn(writes: number): Promise<void> {
    const until = this.acknowledged + writes
    await vi.waitUntil(() => this.acknowledged >= until, PATIENCE)
  }

  async #write(): Promise<void> {
    const storage = this.#client.storage(PATH)
    for (let round = 1; !this.#isOver; round += 1) {
      const value = `${round}`
      const put = (key: string): { kind: 'put'; key: string; value: string } => ({
        kind: 'put',
        key,
        value,
      })
      await storage.transact({ then: [put('left'), put('right'), put(`round ${round}`)] })
      this.acknowledged = round
    }
  }

  async #lock(): Promise<void> {
    await using session = await this.#client.openSession(PATH, { timeout: TIMEOUT_MS })
    while (!this.#isOver) {
      await using lock = await session.mutex('door').lock()
      this.tokens.push(lock.token)
    }
  }
}

interface Pairs {
  readonly left: string
  readonly right: string
  readonly rounds: number
}

async function pairsAt(client: Client): Promise<Pairs> {
  const storage = client.storage(PATH)
  const text = async (key: string): Promise<string> =>
    Buffer.from((await storage.get(key)).value).toString()
  const rounds = await storage.getRange(prefix('round '))
  return { left: await text('left'), right: await text('right'), rounds: rounds.length }
}

test('a backup of a server at work is one moment of it, costs it nothing, and goes on elsewhere with greater tokens', async () => {
  const [folder, file, restored] = ['at-work', 'b.tenure', 'restored'].map((name) =>
    join(root, name),
  )
  const server = await BuiltServer.start(String(folder))
  await using client = connect(server.address)
  await client.createNode(PATH, { sessionGracePeriodMs: 1 })
  const load = new Load(client)
  await load.goOn(20)
  const before = load.acknowledged
  const backup = await ended(tenure('backup', '--from', `file:${folder}`, String(file)))
  expect(backup).toMatchObject(DONE)
  await load.goOn(20)
  // However often it is made, nothing that was acknowledged is lost.
  const again = tenure('backup', '--from', `file:${folder}`, join(root, 'again'))
  expect(await ended(again)).toMatchObject(DONE)
  await load.stop()
  expect(await pairsAt(client)).toEqual({
    left: `${load.acknowledged}`,
    right: `${load.acknowledged}`,
    rounds: load.acknowledged,
  })
  await server.end('SIGTERM')

  const restore = await ended(tenure('restore', '--to', `file:${restored}`, String(file)))
  expect(restore).toMatchObject(DONE)
  const next = await BuiltServer.start(String(restored))
  await using guest = connect(next.address)
  const { left, right, rounds } = await pairsAt(guest)
  expect([right, `${rounds}`]).toEqual([left, left])
  expect(Number(left)).toBeGreaterThanOrEqual(before)
  expect(Number(left)).toBeLessThan(load.acknowledged)
  await using session = await guest.openSession(PATH)
  await using lock = await session.mutex('door').lock()
  expect(lock.token).toBeGreaterThan(load.tokens.at(-1) ?? 0n)
}, 60_000)
