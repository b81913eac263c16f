/** Servers of ours for clients of others, and what has to end with a test. */
import type { RunningServer, ServerOptions } from '@tenure/server'
import { Driver, type DriverOptions } from '@ydbjs/core'
import { CoordinationServiceDefinition } from '@ydbjs/api/coordination'
import { StatusIds_StatusCode } from '@ydbjs/api/operation'
import { afterEach, expect, vi } from 'vitest'
import { serversWanted, startServers } from '../../test/servers-under-test.ts'

export const NODE = '/local/locks'

const ends: Array<() => unknown> = []

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** Runs `end` after the test; what was begun last ends first. */
export function atEnd(end: () => unknown): void {
  ends.push(end)
}

/** Looks again and again until `check` passes. */
export async function eventually(check: () => unknown): Promise<void> {
  await vi.waitFor(check, { timeout: 10_000, interval: 5 })
}

export async function serve(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const servers = await startServers(NODE, options)
  atEnd(() => servers[Symbol.asyncDispose]())
  return servers.first
}

/** How any YDB client is told where a database is. */
export function connectionString(port: number): string {
  return `grpc://127.0.0.1:${port}/local`
}

/** For drivers with a proxy before their server: where there are several servers, discovery would lead past it. */
export const THROUGH_PROXY: DriverOptions =
  serversWanted() === 1 ? {} : { 'ydb.sdk.enable_discovery': false }

/** YDB's official JavaScript driver. */
export function official(port: number, options?: DriverOptions): Driver {
  const driver = new Driver(connectionString(port), ...(options === undefined ? [] : [options]))
  atEnd(() => driver.close())
  return driver
}

/** The official driver of a server, ready, with a coordination node. */
export async function officialWithNode(port: number, options?: DriverOptions): Promise<Driver> {
  const driver = official(port, options)
  await driver.ready()
  const { operation } = await driver
    .createClient(CoordinationServiceDefinition)
    .createNode({ path: NODE, config: {} })
  expect(operation?.status).toBe(StatusIds_StatusCode.SUCCESS)
  return driver
}
