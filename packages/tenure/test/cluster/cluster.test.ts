/**
 * Several servers on one engine: each answers for every node, each node runs on one of them, and sessions outlive the moves.
 *
 * guards: X6, S7, L1
 */
import { type Client, connect, type Session } from 'tenure'
import { expect, test, vi } from 'vitest'
import { Town, type TownServer } from './town.ts'

const PATHS = Array.from({ length: 24 }, (_, index) => `/local/node-${index}`)

const SESSION = { timeout: 10_000 }

async function sessions(client: Client, paths: readonly string[]): Promise<Session[]> {
  return Promise.all(
    paths.map((path) => client.openSession(path, { ...SESSION, createNode: true })),
  )
}

/** How many of the nodes each server has. */
async function sharesOf(town: Town): Promise<number[]> {
  const owners = await Promise.all(PATHS.map((path) => town.ownerOf(path)))
  return town.servers.map((server) => owners.filter((owner) => owner === server).length)
}

async function nodeOf(town: Town, server: TownServer): Promise<string> {
  for (const path of PATHS) if ((await town.ownerOf(path)) === server) return path
  throw new Error(`${server.address} has no node`)
}

test('every server answers for every node, and each has a share of them', async () => {
  await using town = await Town.of(3)
  await using first = connect(town.addressOf(town.server(0)))
  const held = await sessions(first, PATHS)
  const leases = await Promise.all(held.map((session) => session.mutex('door').lock()))
  expect(Math.min(...(await sharesOf(town)))).toBeGreaterThan(0)
  for (const server of town.servers) {
    await using other = connect(town.addressOf(server))
    for (const session of await sessions(other, PATHS)) {
      expect(await session.mutex('door').tryLock()).toBe(null)
    }
  }
  await Promise.all(leases.map((lease) => lease.release()))
})

test('a lock passes between clients of two servers, with a greater token, and its waiter is told', async () => {
  await using town = await Town.of(2)
  const [one, two] = [town.server(0), town.server(1)]
  await using left = connect(town.addressOf(one))
  await using right = connect(town.addressOf(two))
  for (const path of PATHS.slice(0, 6)) {
    await using holder = await left.openSession(path, { createNode: true })
    await using waiter = await right.openSession(path)
    const lease = await holder.mutex('door').lock()
    const next = waiter.mutex('door').lock()
    await vi.waitFor(async () => {
      const { waiters } = await holder.semaphore('door').describe({ waiters: true })
      expect(waiters).toHaveLength(1)
    })
    await lease.release()
    expect((await next).token).toBeGreaterThan(lease.token)
  }
})

test('a server that ends hands its nodes over, and no session or lock of them is lost', async () => {
  await using town = await Town.of(3)
  const [staying, leaving] = [town.server(0), town.server(1)]
  await using client = connect(town.addressOf(leaving, ...town.servers))
  const held = await sessions(client, PATHS)
  const leases = await Promise.all(held.map((session) => session.mutex('door').lock()))
  expect(await nodeOf(town, leaving)).toMatch(/node/)
  await leaving.stop()
  // What each session asks now is answered by whoever has its node.
  await Promise.all(held.map((session) => session.semaphore('bell').create({ limit: 1n })))
  expect(leases.filter(({ signal }) => signal.aborted)).toEqual([])
  expect((await sharesOf(town))[town.servers.indexOf(leaving)]).toBe(0)
  await using other = connect(town.addressOf(staying))
  for (const session of await sessions(other, PATHS)) {
    expect(await session.mutex('door').tryLock()).toBe(null)
  }
})

test('a server that comes takes its share, and no session or lock is lost', async () => {
  await using town = await Town.of(1)
  const old = town.server(0)
  await using client = connect(town.addressOf(old))
  const held = await sessions(client, PATHS)
  const leases = await Promise.all(held.map((session) => session.mutex('door').lock()))
  const young = await town.add()
  await Promise.all(held.map((session) => session.semaphore('bell').create({ limit: 1n })))
  expect(leases.filter(({ signal }) => signal.aborted)).toEqual([])
  expect(await nodeOf(town, young)).toMatch(/node/)
  expect(Math.min(...(await sharesOf(town)))).toBeGreaterThan(0)
})

test('two nodes, one above the other, are refused whichever server is asked', async () => {
  await using town = await Town.of(2)
  const [one, two] = [town.server(0), town.server(1)]
  await using left = connect(town.addressOf(one))
  await using right = connect(town.addressOf(two))
  await left.createNode('/local/app')
  await expect(right.createNode('/local/app/locks')).rejects.toThrow('/local/app')
  await expect(right.openSession('/local/nowhere')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('of two nodes, one above the other, that are made at two servers at once, one is made', async () => {
  await using town = await Town.of(2)
  await using left = connect(town.addressOf(town.server(0)))
  await using right = connect(town.addressOf(town.server(1)))
  const pairs = Array.from({ length: 12 }, (_, index) => `/local/pair-${index}`)
  const made = await Promise.all(
    pairs.map((path) =>
      Promise.allSettled([left.createNode(path), right.createNode(`${path}/below`)]),
    ),
  )
  for (const [index, both] of made.entries()) {
    const statuses = both.map(({ status }) => status).toSorted()
    expect({ index, statuses }).toEqual({ index, statuses: ['fulfilled', 'rejected'] })
  }
  expect(await left.listNodes()).toHaveLength(pairs.length)
})
