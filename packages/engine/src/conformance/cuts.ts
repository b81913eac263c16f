/** Cuts: everything at one moment, beside those who write. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import type { Put } from '@tenure/kernel'
import type { Cut, Engine } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { LATER, OWNER, put, read, removeRange, text } from './entries.ts'

// guards: D7
export const cutTests: Record<string, (engine: Engine) => Promise<void>> = {
  'a cut shows every partition with its epoch and all its entries, in order': async (engine) => {
    const names = ['p/b', 'p', 'p/a/é', 'q', 'p/a', 'x'.repeat(1900)]
    const keys = ['', '\0', '\0\xff', 'a', 'a\0', 'b', '\xff', '\xff'.repeat(1900)]
    const epochs = new Map<string, bigint>()
    for (const name of names) {
      const partition = await engine.claim(name, OWNER, 41n)
      epochs.set(name, partition.epoch)
      await partition.commit(keys.toReversed().map((key) => put(key, `${name} ${key.length}`)))
    }
    const { epoch } = await engine.claim('never written', LATER)
    epochs.set('never written', epoch)
    const found = await contents(await engine.cut())
    deepEqual(
      found.map(({ name }) => name),
      [...epochs.keys()].toSorted((left, right) =>
        Buffer.compare(Buffer.from(left), Buffer.from(right)),
      ),
    )
    for (const { name, epoch: shown, entries } of found) {
      equal(shown, epochs.get(name))
      const expected = keys.map((key) => `${key}=${name} ${key.length}`)
      deepEqual(entries, name === 'never written' ? [] : expected)
    }
  },

  'a cut of an engine that holds nothing is empty': async (engine) => {
    deepEqual(await contents(await engine.cut()), [])
  },

  'a cut stays as it was, and those who own go on': async (engine) => {
    const owned = await engine.claim('p', OWNER)
    const other = await engine.claim('q', OWNER)
    const rows = Array.from({ length: 2500 }, (_, index) => put(`k${10_000 + index}`, 'old'))
    await owned.commit(rows)
    await other.commit([put('a', 'old')])
    const cut = await engine.cut()
    await owned.commit([put('k10000', 'new'), removeRange('k11', 'k12'), put('z', 'new')])
    const seen: string[] = []
    for await (const partition of cut.partitions()) {
      for await (const [key, value] of partition.entries()) {
        if (seen.length % 400 === 0) {
          await owned.commit([
            removeRange('k10', 'k13'),
            ...rows.slice(seen.length, seen.length + 9),
          ])
          await other.commit([put('a', 'new'), put(`b${seen.length}`, 'new')])
          await engine.claim(`later ${seen.length}`, LATER)
        }
        seen.push(`${partition.name} ${text(key)}=${text(value)}`)
      }
    }
    await cut.close()
    deepEqual(seen, [...rows.map(({ key }) => `p ${text(key)}=old`), 'q a=old'])
    await owned.confirm()
    await owned.commit([removeRange('', '\xff'), put('a', 'last')])
    deepEqual(await read(owned), ['a=last'])
  },

  'a cut made under load is one moment of all partitions': async (engine) => {
    const first = await engine.claim('p', OWNER)
    const second = await engine.claim('q', OWNER)
    await first.commit(wide(0))
    await second.commit(wide(0))
    let isOver = false
    const writing = (async () => {
      for (let round = 1; !isOver; round += 1) {
        await first.commit(wide(round))
        await second.commit(wide(round))
      }
    })()
    try {
      for (let cuts = 0; cuts < 20; cuts += 1) {
        const found = await contents(await engine.cut())
        const rounds = found.map(({ entries }) => new Set(entries.map((entry) => entry.slice(2))))
        deepEqual(
          rounds.map(({ size }) => size),
          [1, 1],
        )
        const [ahead, behind] = rounds.map(([round]) => Number(round))
        ok(ahead === behind || ahead === Number(behind) + 1, `${ahead} and ${behind}`)
      }
    } finally {
      isOver = true
      await writing
    }
  },

  'a cut holds what was acknowledged before it was asked for': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    for (let round = 0; round < 30; round += 1) {
      await partition.commit([put('a', `${round}`)])
      const [{ entries } = { entries: [] }] = await contents(await engine.cut())
      deepEqual(entries, [`a=${round}`])
    }
  },

  'a cut may be left early, and ends when it or its engine is closed': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    await partition.commit(Array.from({ length: 3000 }, (_, index) => put(`k${index}`, 'v')))
    for (let round = 0; round < 50; round += 1) {
      const cut = await engine.cut()
      for await (const partition of cut.partitions()) {
        for await (const _ of partition.entries()) break
        break
      }
      await cut.close()
      await cut.close()
      await rejects(contents(cut), EngineError)
    }
    const cut = await engine.cut()
    const reading = async (): Promise<void> => {
      for await (const partition of cut.partitions()) {
        for await (const _ of partition.entries()) await engine.close()
      }
    }
    await rejects(reading(), EngineError)
    await rejects(contents(cut), EngineError)
    await rejects(engine.cut(), EngineError)
  },
}

/** Entries at both ends and in the middle that always say the same. */
function wide(round: number): Put[] {
  return ['a', 'm', 'z'].map((key) => put(key, `${round}`))
}

interface Content {
  readonly name: string
  readonly epoch: bigint
  /** As `key=value`. */
  readonly entries: readonly string[]
}

/** All that a cut shows; closes it. */
async function contents(cut: Cut): Promise<Content[]> {
  const found: Content[] = []
  try {
    for await (const partition of cut.partitions()) {
      const { name, epoch } = partition
      const entries: string[] = []
      for await (const [key, value] of partition.entries()) {
        entries.push(`${text(key)}=${text(value)}`)
      }
      found.push({ name, epoch, entries })
    }
    return found
  } finally {
    await cut.close()
  }
}
