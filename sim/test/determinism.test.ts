/** A seed is a run: again and again the same one, and unlike the runs of other seeds. */
import { expect, test } from 'vitest'
import { run } from '../src/run.ts'

const SEEDS = Array.from({ length: 20 }, (_, at) => at + 1)

test('a seed that runs twice takes the same course', async () => {
  for (const seed of SEEDS) {
    const [once, again] = [await run(seed), await run(seed)]
    expect({ seed, hash: again.hash, virtualMs: again.virtualMs }).toEqual({
      seed,
      hash: once.hash,
      virtualMs: once.virtualMs,
    })
  }
}, 60_000)

test('each seed takes a course of its own', async () => {
  const hashes = new Set<string>()
  for (const seed of SEEDS) hashes.add((await run(seed)).hash)
  expect(hashes.size).toBe(SEEDS.length)
}, 60_000)

test('to keep the trace changes nothing', async () => {
  const [seed] = SEEDS
  const [bare, kept] = [await run(seed ?? 0), await run(seed ?? 0, { keepsTrace: true })]
  expect(kept.hash).toBe(bare.hash)
  expect(kept.lines.length).toBeGreaterThan(0)
  expect(bare.lines).toEqual([])
}, 60_000)
