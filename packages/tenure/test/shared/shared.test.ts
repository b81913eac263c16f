/** Programs of one machine share a directory: one of them is the host, and another one when that has ended. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Member, seatsOf } from './member.ts'

/** Processes begin slowly on a machine that has other work. */
const TIMEOUT_MS = 120_000

let folder: string

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'tenure-shared-')), 'data')
})

afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

// guards: X1, X2
test('two programs exclude each other, and tokens grow', { timeout: TIMEOUT_MS }, async () => {
  await using one = await Member.join(folder)
  await using two = await Member.join(folder)
  const first = await one.ask<bigint>('lock', 'printer')
  expect(await two.ask('tryLock', 'printer')).toBeNull()
  const waiting = two.ask<bigint>('lock', 'printer')
  await one.ask('release', 'printer')
  expect(await waiting).toBeGreaterThan(first)
  expect(await one.ask('tryLock', 'printer')).toBeNull()
  expect(await one.ask('nodes')).toEqual(await two.ask('nodes'))
})

// guards: D1, X1, X2, S1
test(
  'when the host is killed a guest takes its place, and sessions, locks, watches, records and tasks go on',
  { timeout: TIMEOUT_MS },
  async () => {
    await using host = await Member.join(folder)
    await using guest = await Member.join(folder)
    await using third = await Member.join(folder)
    const token = await guest.ask<bigint>('lock', 'printer')
    const { id } = await guest.ask<{ id: bigint }>('session')
    await third.ask('watch', 'job/')
    await host.ask('put', 'job/1', 'one')
    await third.tells('seen one')
    await host.ask('openTask', 7, 'a task')
    const waiting = third.ask<bigint>('lock', 'printer')
    const killedAtMs = performance.now()
    await host.kill()
    await guest.ask('put', 'job/2', 'two')
    process.stdout.write(
      `a write after the death of the host: ${Math.round(performance.now() - killedAtMs)} ms\n`,
    )
    expect(await guest.ask('session')).toEqual({ id, lost: false })
    expect(await guest.ask('held', 'printer')).toBe(true)
    expect(await Promise.race([waiting, third.ask('get', 'job/2')])).toBe('two')
    await third.tells('seen two')
    expect(await third.ask('get', 'job/1')).toBe('one')
    expect(await third.ask('handleTask', 7)).toEqual(['a task'])
    await guest.ask('release', 'printer')
    expect(await waiting).toBeGreaterThan(token)
    expect([...guest.told, ...third.told].filter((line) => line.startsWith('lost'))).toEqual([])
  },
)

// guards: D1, X1
test(
  'a host that closes its client answers what it has accepted, and hands over',
  { timeout: TIMEOUT_MS },
  async () => {
    await using host = await Member.join(folder)
    await using guest = await Member.join(folder)
    await guest.ask('lock', 'printer')
    const { id } = await guest.ask<{ id: bigint }>('session')
    const writes = ['a', 'b', 'c', 'd'].map((key) => guest.ask('put', key, key))
    await host.ask('close')
    await Promise.all(writes)
    expect(await guest.ask('get', 'd')).toBe('d')
    expect(await guest.ask('session')).toEqual({ id, lost: false })
    expect(await guest.ask('held', 'printer')).toBe(true)
    expect(seatsOf(folder, [host, guest]).host).toBe(guest)
  },
)

// guards: X1, S1
test(
  'nobody takes the place of a paused host, and when it goes on all others do',
  { timeout: TIMEOUT_MS },
  async () => {
    await using host = await Member.join(folder)
    await using guest = await Member.join(folder)
    await using third = await Member.join(folder)
    await host.ask('lock', 'printer')
    host.send('SIGSTOP')
    const taking = guest.ask('tryLock', 'printer')
    await using newcomer = await Member.start(folder)
    const listing = newcomer.ask('nodes')
    const pause = new Promise((resolve) => {
      setTimeout(() => resolve('still waiting'), 1_000)
    })
    expect(await Promise.race([taking, listing, pause])).toBe('still waiting')
    expect(seatsOf(folder, [host, guest, third, newcomer]).host).toBe(host)
    host.send('SIGCONT')
    expect(await taking).toBeNull()
    expect(await listing).toEqual(['/local/shared'])
    expect(await host.ask('held', 'printer')).toBe(true)
  },
)

test('five programs that start at once have one host', { timeout: TIMEOUT_MS }, async () => {
  const members = await Promise.all(Array.from({ length: 5 }, () => Member.start(folder)))
  try {
    await Promise.all(members.map((member) => member.ask('open')))
    const { guests } = seatsOf(folder, members)
    expect(guests).toHaveLength(4)
    const tokens = await Promise.all(members.map((member) => member.ask('tryLock', 'printer')))
    expect(tokens.filter((token) => token !== null)).toHaveLength(1)
  } finally {
    await Promise.all(members.map((member) => member[Symbol.asyncDispose]()))
  }
})
