/** Three servers as processes of their own on one engine, and the locks that a client holds in their nodes. */
import type { Client, Lease, Session } from 'tenure'
import { expect } from 'vitest'
import { ServerProcess } from '../program.ts'

const SERVERS = 3
export const PATHS: readonly string[] = Array.from(
  { length: 9 },
  (_, index) => `/local/node-${index}`,
)

/** As short as etcd lets it be. */
const NOTICE = '2s'

export interface Trio extends AsyncDisposable {
  readonly servers: readonly ServerProcess[]
  /** For `connect`: all of them, each in turn the first. */
  addressFrom(first: number): string
}

export async function trio(engine: string): Promise<Trio> {
  const settings = { engine, more: ['--notice', NOTICE] }
  const servers = await Promise.all(
    Array.from({ length: SERVERS }, () => ServerProcess.start(settings)),
  )
  return {
    servers,
    addressFrom(first) {
      const hosts = servers.map(({ port }) => `127.0.0.1:${port}`)
      return `grpc://${[...hosts.slice(first), ...hosts.slice(0, first)].join(',')}/local`
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
    },
  }
}

export interface Holding {
  readonly session: Session
  readonly lease: Lease
}

/** A lock in each node, by as many sessions. */
export function holdAll(client: Client): Promise<Holding[]> {
  return Promise.all(
    PATHS.map(async (path) => {
      const session = await client.openSession(path, { timeout: 20_000, createNode: true })
      return { session, lease: await session.mutex('door').lock() }
    }),
  )
}

/** Every session is answered, every lock is held, and nobody else gets one. */
export async function expectHeld(held: readonly Holding[], other: Client): Promise<void> {
  await Promise.all(held.map(({ session }) => session.semaphore('door').describe()))
  expect(held.filter(({ lease }) => lease.signal.aborted)).toEqual([])
  await Promise.all(
    PATHS.map(async (path) => {
      await using session = await other.openSession(path)
      expect(await session.mutex('door').tryLock()).toBe(null)
    }),
  )
}
