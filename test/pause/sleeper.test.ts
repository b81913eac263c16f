/**
 * A holder that sleeps past its lease between a look at it and a write.
 *
 * guards: X7, X8, X2, S1, S2
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, FencedError, FencingGate } from 'tenure'
import { expect, test } from 'vitest'
import { Program, ServerProcess } from '../program.ts'

const TIMEOUT_MS = 1_000
const PATH = '/local/sleeper'
const LOSSES = ['update', 'describe', 'tryLock', 'publish', 'watch']

/** The number after the word. */
const tokenIn = (line: string): bigint => BigInt(line.split(' ')[1] ?? '')

test.concurrent.for(['stop', 'block'])(
  'a holder that sleeps (%s) past its lease is told before any call succeeds, and its late write is refused',
  { timeout: 60_000 },
  async (manner) => {
    const folder = mkdtempSync(join(tmpdir(), 'tenure-sleeper-'))
    const file = join(folder, 'awake')
    await using server = await ServerProcess.start()
    const words = [server.address, PATH, String(TIMEOUT_MS), manner, file]
    await using sleeper = new Program('test/pause/children/sleeper.ts', words)
    const gate = new FencingGate()
    const write = async (line: string): Promise<void> => gate.admit('resource', tokenIn(line))
    try {
      const token = tokenIn(await sleeper.says(/^granted/))
      await write(await sleeper.says(/^write/))
      await sleeper.says(/^sleeping/)
      const asleepAtMs = performance.now()

      await using client = connect(server.address)
      await using session = await client.openSession(PATH, { timeout: TIMEOUT_MS })
      {
        await using lock = await session.mutex('lock').lock()
        expect(performance.now() - asleepAtMs).toBeGreaterThanOrEqual(TIMEOUT_MS / 2)
        expect(lock.token).toBeGreaterThan(token)
        await gate.admit('resource', lock.token)
        writeFileSync(file, '')
        sleeper.kill('SIGCONT')
        await expect(write(await sleeper.says(/^write/))).rejects.toThrow(FencedError)
        expect(await sleeper.says(/^signals/)).toBe('signals aborted')
        for (const name of LOSSES) {
          expect(await sleeper.says(new RegExp(`^${name} `))).toBe(`${name} SESSION_EXPIRED`)
        }
        expect(await sleeper.says(/^release/)).toBe('release success')
      }
      expect(tokenIn(await sleeper.says(/^again/))).toBeGreaterThan(token)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
