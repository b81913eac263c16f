/**
 * The message pattern of YDB's Java client against our server: a protection key of 16 bytes, sequence number always 0, 5 s
 * timeout, request ids that count, and a half-close right behind `session_stop`, after which it waits 1 s for the stream's end.
 */
import { randomBytes } from 'node:crypto'
import type { Driver } from '@ydbjs/core'
import { StatusIds_StatusCode as Status } from '@ydbjs/api/operation'
import { expect, test } from 'vitest'
import { atEnd, NODE, officialWithNode, serve } from './ground.ts'
import { Inbox } from './inbox.ts'
import { JsSession } from './js-session.ts'
import { type Heard, type Said, SessionWire } from './session-wire.ts'

const TIMEOUT_MS = 5_000n
const STOP_MS = 1_000

interface JavaStream {
  readonly wire: SessionWire
  readonly inbox: Inbox
}

function open(driver: Driver): JavaStream {
  const inbox = new Inbox()
  const wire: SessionWire = new SessionWire(driver, (message: Heard) => {
    if (message.case !== 'ping') return inbox.put(message)
    wire.say({ case: 'pong', value: { opaque: message.value.opaque } })
  })
  atEnd(() => wire.cancel())
  return { wire, inbox }
}

function startOf(protectionKey: Uint8Array, more: { sessionId?: bigint } = {}): Said {
  const fixed = { path: NODE, timeoutMillis: TIMEOUT_MS, seqNo: 0n, protectionKey }
  return { case: 'sessionStart', value: { ...fixed, ...more } }
}

async function driverOfServer(): Promise<Driver> {
  return officialWithNode((await serve()).grpcAddress.port)
}

/** Whether the stream ends before a Java client stops waiting. */
async function endsInTime({ wire }: JavaStream): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), STOP_MS)
  })
  const ended = await Promise.race([wire.ended.then(() => true), late])
  clearTimeout(timer)
  return ended
}

test('a Java client that half-closes behind its stop still hears that the session was stopped, and the end', async () => {
  const driver = await driverOfServer()
  const java = open(driver)
  java.wire.say(startOf(randomBytes(16)))
  const { sessionId } = await java.inbox.next('sessionStarted')
  const lock = { name: 'lock', count: 1n, ephemeral: true }
  java.wire.say({ case: 'acquireSemaphore', value: { reqId: 1n, ...lock } })
  expect(await java.inbox.next('acquireSemaphoreResult')).toMatchObject({ reqId: 1n })
  java.wire.say({ case: 'sessionStop', value: {} })
  java.wire.halfClose()
  expect(await java.inbox.next('sessionStopped')).toMatchObject({ sessionId })
  expect(await endsInTime(java)).toBe(true)
  expect(await java.wire.ended).toBeNull()

  const other = await JsSession.open(driver)
  other.asks({ case: 'describeSemaphore', value: { name: 'lock' } })
  expect(await other.hears('describeSemaphoreResult')).toMatchObject({ status: Status.NOT_FOUND })
})

test('a Java client takes its session over with the same sequence number and its key, and nobody else does', async () => {
  const driver = await driverOfServer()
  const key = randomBytes(16)
  const first = open(driver)
  first.wire.say(startOf(key))
  const { sessionId } = await first.inbox.next('sessionStarted')

  const stranger = open(driver)
  stranger.wire.say(startOf(randomBytes(16), { sessionId }))
  expect(await stranger.inbox.next('failure')).toMatchObject({ status: Status.BAD_SESSION })

  const second = open(driver)
  second.wire.say(startOf(key, { sessionId }))
  expect(await second.inbox.next('sessionStarted')).toMatchObject({ sessionId })
  expect(await first.inbox.next('failure')).toMatchObject({ status: Status.BAD_SESSION })
  expect(await endsInTime(first)).toBe(true)
})

test('a stream that begins with another message ends with the status and text that Java looks for', async () => {
  const java = open(await driverOfServer())
  java.wire.say({ case: 'ping', value: { opaque: 1n } })
  expect(await java.wire.ended).toMatchObject({
    code: 3,
    details: 'First message must be a SessionStart',
  })
})

test('a negative duration of a Java program is a timeout out of range', async () => {
  const java = open(await driverOfServer())
  const value = { path: NODE, timeoutMillis: 2n ** 64n - 5_000n, seqNo: 0n }
  java.wire.say({ case: 'sessionStart', value })
  const { status, issues } = await java.inbox.next('failure')
  expect(status).toBe(Status.BAD_REQUEST)
  expect(issues[0]?.message).toContain('timeout')
})
