/** A seed is a run: again and again the same one, and unlike the runs of other seeds. */
import { beforeAll, expect, test } from 'vitest'
import { type Report, run } from '../src/run.ts'

const SEEDS = Array.from({ length: 20 }, (_, at) => at + 1)

const once = new Map<number, Report>()

beforeAll(async () => {
  for (const seed of SEEDS) once.set(seed, await run(seed))
}, 60_000)

test('a seed that runs twice takes the same course, whether the trace is kept or not', async () => {
  for (const seed of SEEDS) {
    const again = await run(seed, { keepsTrace: true })
    const { hash, virtualMs } = again
    expect({ seed, hash, virtualMs }).toEqual({
      seed,
      hash: once.get(seed)?.hash,
      virtualMs: once.get(seed)?.virtualMs,
    })
    expect(again.lines.length).toBeGreaterThan(0)
    expect(once.get(seed)?.lines).toEqual([])
  }
}, 60_000)

test('each seed takes a course of its own', () => {
  const hashes = new Set([...once.values()].map(({ hash }) => hash))
  expect(hashes.size).toBe(SEEDS.length)
})
