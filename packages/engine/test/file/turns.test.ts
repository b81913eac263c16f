import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openFileEngine } from '../../src/file/index.ts'

/** Where a sync takes no time. */
const MEMORY = '/dev/shm'
/** Far more than can be made in the time of the timer. */
const COMMITS_MAX = 10_000
const TIMER_MS = 50

test('who commits without a pause keeps no timer and no socket waiting', async () => {
  const directory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'tenure-turns-'))
  const engine = await openFileEngine(directory)
  const partition = await engine.claim('p', { id: 'busy', address: '' })
  let isOver = false
  setTimeout(() => (isOver = true), TIMER_MS)
  let commits = 0
  for (; !isOver && commits < COMMITS_MAX; commits += 1) {
    await partition.commit([{ kind: 'put', key: Buffer.of(1), value: Buffer.of(commits) }])
  }
  expect(isOver).toBe(true)
  await engine.close()
  rmSync(directory, { recursive: true })
})
