/**
 * Where a test of handles and recipes runs: every link that the client has, each with a real server behind it.
 *
 * `test.for(WORLDS)('a true sentence, %s', async (kind) => { await using world = await openWorld(kind); … })`
 */
import { connect, type Client, type Semaphore, type Session, type SessionOptions } from 'tenure'
import { writtenAddress } from '@tenure/server'
import { expect, vi } from 'vitest'
import { startServers } from '../../../test/servers-under-test.ts'

export const WORLDS = ['in process', 'over its own protocol', 'over the YDB protocol'] as const

/** How a test asks for what it cannot be told of. */
export const PATIENCE = { interval: 1, timeout: 10_000 } as const

export type WorldKind = (typeof WORLDS)[number]

export interface World extends AsyncDisposable {
  readonly client: Client
  /** A coordination node of this world's own. */
  readonly path: string
  session(options?: SessionOptions): Promise<Session>
}

let worldsOpened = 0

export async function openWorld(kind: WorldKind): Promise<World> {
  const ends: (() => PromiseLike<void>)[] = []
  worldsOpened += 1
  const path = `/local/recipes-${process.pid}-${worldsOpened}`
  const address = kind === 'in process' ? 'memory:' : await servedAddress(path, ends)
  const protocol = kind === 'over its own protocol' ? 'tenure' : 'ydb'
  const client = connect(address, { protocol })
  ends.push(() => client.close())
  await client.createNode(path)
  return {
    client,
    path,
    session: (options) => client.openSession(path, options),
    async [Symbol.asyncDispose]() {
      for (const end of ends.toReversed()) await end()
    },
  }
}

async function servedAddress(path: string, ends: (() => PromiseLike<void>)[]): Promise<string> {
  const servers = await startServers(path)
  ends.push(() => servers[Symbol.asyncDispose]())
  return `grpc://${writtenAddress(servers.first.grpcAddress)}/local`
}

/** An iteration of which a test takes item after item. */
export function reading<T>(items: AsyncIterable<T>): { next(): Promise<T>; stop(): Promise<void> } {
  const iterator = items[Symbol.asyncIterator]()
  return {
    async next() {
      const result = await iterator.next()
      if (result.done === true) throw new Error('the iteration has ended')
      return result.value
    },
    async stop() {
      await iterator.return?.()
    },
  }
}

/** The items until one is as wanted; that one is the last. */
export async function readUntil<T>(
  items: AsyncIterable<T>,
  wanted: (item: T) => boolean,
): Promise<T> {
  for await (const item of items) if (wanted(item)) return item
  throw new Error('the iteration has ended without the wanted item')
}

/** Settles when `signal` has aborted. */
export async function aborted(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) {
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true })
    })
  }
  return signal.reason
}

/** Settles when `count` wait in the line of `semaphore`. Lines have no watch in YDB's protocol, so this asks. */
export async function untilWaiters(semaphore: Semaphore, count: number): Promise<void> {
  await vi.waitFor(async () => {
    const { waiters } = await semaphore.describe({ waiters: true })
    expect(waiters).toHaveLength(count)
  }, PATIENCE)
}

/** A promise, and what settles it. */
export function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  const waiting: (() => void)[] = []
  const promise = new Promise<void>((resolve) => {
    waiting.push(resolve)
  })
  return {
    promise,
    resolve: () => {
      for (const resolve of waiting) resolve()
    },
  }
}
