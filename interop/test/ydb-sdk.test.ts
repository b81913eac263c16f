/** The older official SDK, ydb-sdk, against our server: how its driver finds a server and logs in. */
import { once } from 'node:events'
import { status as grpcStatus } from '@grpc/grpc-js'
import ydbSdk, { type IAuthService, type Logger } from 'ydb-sdk'
import { expect, test } from 'vitest'
import { atEnd, connectionString, NODE, officialWithNode, serve } from './ground.ts'

// It is CommonJS, and Node sees no names in it.
const { AnonymousAuthService, Driver, StaticCredentialsAuthService } = ydbSdk

const READY_MS = 5_000
/** `SchemeEntryType.COORDINATION_NODE`. */
const COORDINATION_NODE = 7

const say = (): void => {}
const logger: Logger = { fatal: say, error: say, warn: say, info: say, debug: say, trace: say }

function driverOf(port: number, authService: IAuthService): InstanceType<typeof Driver> {
  const missed = missedTables()
  const driver = new Driver({ connectionString: connectionString(port), authService, logger })
  atEnd(async () => {
    await missed
    await driver.destroy()
  })
  return driver
}

/**
 * The driver opens a session for tables as soon as it knows a server, whatever it is used for, and leaves the rejection
 * unhandled. A program that uses ydb-sdk without tables has to handle it too.
 */
async function missedTables(): Promise<void> {
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  const [reason] = await once(process, 'unhandledRejection')
  for (const listener of listeners) process.on('unhandledRejection', listener)
  expect(String(reason)).toContain(`Unexpected transport error code ${grpcStatus.UNIMPLEMENTED}`)
}

test('the driver of ydb-sdk finds the server and is ready', async () => {
  const { port } = (await serve()).grpcAddress
  const driver = driverOf(port, new AnonymousAuthService())
  expect(await driver.ready(READY_MS)).toBe(true)
})

test('the driver of ydb-sdk logs in with a password', async () => {
  const { port } = (await serve({ users: { root: 'secret' } })).grpcAddress
  const endpoint = `127.0.0.1:${port}`
  const driver = driverOf(
    port,
    new StaticCredentialsAuthService('root', 'secret', endpoint, logger),
  )
  expect(await driver.ready(READY_MS)).toBe(true)
})

test('ydb-sdk lists a coordination node as one', async () => {
  const { port } = (await serve()).grpcAddress
  await officialWithNode(port)
  const driver = driverOf(port, new AnonymousAuthService())
  const { children } = await driver.schemeClient.listDirectory('')
  expect(children).toMatchObject([{ name: NODE.split('/').at(-1), type: COORDINATION_NODE }])
})
