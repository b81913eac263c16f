/** Clients live through the move of their store. guards: D7, X2, S6, K1, J6 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BusyStore } from './busy-store.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenure-migrate-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a store moves with its sessions, owners, waiters, records, leases and tasks; clients go on', async () => {
  const [from, to] = [`file:${folder}/from`, `file:${folder}/to`]
  await using store = await BusyStore.begin(from)
  const [holdings, numbers] = [await store.holdings(), await store.numbers()]
  expect(holdings).toMatchObject({ owners: [expect.any(BigInt)], waiters: [expect.any(BigInt)] })
  expect(holdings.tasks.map(({ state }) => state)).toEqual(['stored', 'stored', 'dead'])
  const moved = await store.holdings()
  await store.move(from, to)
  await store.serveFrom(to)
  expect(await store.holdings()).toEqual(moved)
  expect(store.lease.signal.aborted).toBe(false)
  const later = await store.numbers()
  for (const kind of ['session', 'token', 'version', 'task'] as const) {
    expect(later[kind]).toBeGreaterThan(numbers[kind] + 2n ** 30n)
  }
  await store.lease.release()
  const next = await store.waiting
  expect(next.token).toBe(holdings.waiters[0])
  await next.release()
})
