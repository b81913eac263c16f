/** A hand-out as a gRPC call, with handlers that behave and handlers that do not. */
import { createServer as createHttp2Server } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'
import { createServer } from 'node:net'
import { codeNumber } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { GrpcHandlerEndpoint } from '../../src/grpc/handler-endpoint.ts'
import type { WishOutcome } from '../../src/services/delivery/endpoint.ts'
import { addressOf, errandTo } from '../services/delivery/errand.ts'
import { atEnd } from './harness.ts'
import { listening } from './listening.ts'
import { PlayedCall, PlayedHandler } from './played-handler.ts'

const CLOSED: WishOutcome = { kind: 'refused', code: 'TASK_CLOSED', message: 'it is closed' }
const TOO_LARGE: WishOutcome = { kind: 'refused', code: 'TASK_TOO_LARGE', message: 'too large' }

/** The next turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A handler, and the way to it. */
async function handled(take: (call: PlayedCall) => void | Promise<void>) {
  const handler = await new PlayedHandler((call) => void take(call)).listen()
  atEnd(() => handler.kill())
  return { handler, endpoint: endpointTo(handler.address) }
}

function endpointTo(handler: string): GrpcHandlerEndpoint {
  const endpoint = new GrpcHandlerEndpoint(addressOf(handler), systemClock)
  atEnd(() => endpoint.close())
  return endpoint
}

/** A peer that speaks HTTP/2, and says what it likes. */
async function speaking(answer: (stream: ServerHttp2Stream) => void): Promise<string> {
  const server = createHttp2Server()
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    answer(stream)
  })
  server.on('session', (session) => atEnd(() => session.destroy()))
  return `grpc://${await listening(server)}`
}

// holds: S2-18
test('a handler is handed the task, works, and deletes it', async () => {
  let heard: PlayedCall | undefined
  const { handler, endpoint } = await handled(async (call) => {
    heard = call
    const records = await call.records()
    call.say({ case: 'append', value: { record: Buffer.from(records.join('+')) } })
    call.say({ case: 'replace', value: { record: Buffer.from('all') } })
    await call.until(() => call.outcomes.length === 2)
    call.say({ case: 'delete', value: {} })
    await call.until(() => call.isHalfClosed)
    call.call.end()
  })
  const errand = errandTo(handler.address, { records: ['one', 'two'] })
  expect(await endpoint.carry(errand)).toEqual({ kind: 'ended' })
  expect(errand.wishes).toEqual(['append one+two', 'replace all', 'delete'])
  await heard?.until(() => heard?.isHalfClosed === true)
  expect(heard?.outcomes).toEqual(['1 done', '2 done', '3 done'])
})

test('records of many bytes come in several messages, in their order', async () => {
  const records = Array.from({ length: 9 }, (_, at) => String(at).repeat(400_000))
  let heard: string[] = []
  let pages = 0
  const { handler, endpoint } = await handled(async (call) => {
    heard = await call.records()
    pages = call.pages
    call.say({ case: 'store', value: { delaySeconds: 9, failure: 'later' } })
  })
  const errand = errandTo(handler.address, { records })
  await endpoint.carry(errand)
  expect(heard).toEqual(records)
  expect(pages).toBe(5)
  expect(errand.wishes).toEqual(['store 9 later'])
})

test('a handler may say the next operation before it has heard of the last, and end at once', async () => {
  const { handler, endpoint } = await handled((call) => {
    call.say({ case: 'append', value: { record: Buffer.from('one') } })
    call.say({ case: 'append', value: { record: Buffer.from('two') } })
    call.say({ case: 'delete', value: {} })
    call.call.end()
  })
  const errand = errandTo(handler.address, {
    answer: async () => {
      await turn()
      return { kind: 'done' }
    },
  })
  expect(await endpoint.carry(errand)).toEqual({ kind: 'ended' })
  expect(errand.wishes).toEqual(['append one', 'append two', 'delete'])
})

test('an operation behind the delete is answered by its refusal', async () => {
  let heard: PlayedCall | undefined
  const { handler, endpoint } = await handled((call) => {
    heard = call
    call.say({ case: 'delete', value: {} })
    call.say({ case: 'append', value: { record: Buffer.from('late') } })
  })
  const errand = errandTo(handler.address, {
    answer: async (wish) => {
      while (errand.wishes.length < 2) await turn()
      return wish.kind === 'delete' ? { kind: 'done' } : CLOSED
    },
  })
  expect(await endpoint.carry(errand)).toEqual({ kind: 'ended' })
  await heard?.until(() => heard?.isHalfClosed === true)
  expect(heard?.outcomes.toSorted()).toEqual(['1 done', `2 ${codeNumber('TASK_CLOSED')}`])
})

test('a refusal is no end of the call', async () => {
  let heard: PlayedCall | undefined
  const { handler, endpoint } = await handled(async (call) => {
    heard = call
    call.say({ case: 'append', value: { record: Buffer.alloc(9) } })
    await call.until(() => call.outcomes.length === 1)
    call.say({ case: 'delete', value: {} })
  })
  const errand = errandTo(handler.address, {
    answer: ({ kind }) => (kind === 'append' ? TOO_LARGE : { kind: 'done' }),
  })
  expect(await endpoint.carry(errand)).toEqual({ kind: 'ended' })
  await heard?.until(() => heard?.isHalfClosed === true)
  expect(heard?.outcomes).toEqual([`1 ${codeNumber('TASK_TOO_LARGE')}`, '2 done'])
})

test('an operation that is unknown is refused by itself', async () => {
  const { handler, endpoint } = await handled(async (call) => {
    call.say({ case: undefined })
    await call.until(() => call.outcomes.length === 1)
    call.say({ case: 'delete', value: {} })
  })
  const errand = errandTo(handler.address)
  expect(await endpoint.carry(errand)).toEqual({ kind: 'ended' })
  expect(errand.wishes).toEqual(['delete'])
})

test('the text of the error with which a handler ends is kept', async () => {
  const { handler, endpoint } = await handled((call) => {
    call.call.emit('error', { code: 13, details: 'the printer is on fire: 100 %' })
  })
  const failure = 'INTERNAL: the printer is on fire: 100 %'
  const wanted = { kind: 'failed', failure, isUnreachable: false }
  expect(await endpoint.carry(errandTo(handler.address))).toEqual(wanted)
})

test('a handler that knows no such service is there, and is told of', async () => {
  const handler = await speaking((stream) => {
    const trailers = { 'grpc-status': '12', 'grpc-message': 'unknown service' }
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', ...trailers },
      { endStream: true },
    )
  })
  const wanted = { kind: 'failed', failure: 'UNIMPLEMENTED: unknown service', isUnreachable: false }
  expect(await endpointTo(handler).carry(errandTo(handler))).toEqual(wanted)
})

test('a handler that dies in the middle of its work loses the task, and what it said before counts', async () => {
  const { handler, endpoint } = await handled(async (call) => {
    call.say({ case: 'append', value: { record: Buffer.from('half') } })
    await call.until(() => call.outcomes.length === 1)
    handler.kill()
  })
  const errand = errandTo(handler.address)
  const verdict = await endpoint.carry(errand)
  expect(verdict).toMatchObject({ kind: 'failed', isUnreachable: false })
  expect(errand.wishes).toEqual(['append half'])
})

test('a handler that dies before it has said anything counts as not to be reached', async () => {
  const { handler, endpoint } = await handled(() => handler.kill())
  const verdict = await endpoint.carry(errandTo(handler.address))
  expect(verdict).toMatchObject({ kind: 'failed', isUnreachable: true })
})

test.for([
  ['bytes that are no frame', Buffer.from('7 is no flag of a frame')],
  ['a frame that is no message', Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff])],
  ['a frame beyond all bounds', Buffer.from([0, 0xff, 0xff, 0xff, 0xff])],
] as const)('a handler that says %s has its call cancelled', async ([, bytes]) => {
  let reset = 0
  const handler = await speaking((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
    stream.write(bytes)
    stream.once('close', () => {
      reset = stream.rstCode ?? 0
    })
  })
  const endpoint = endpointTo(handler)
  const errand = errandTo(handler)
  const verdict = await endpoint.carry(errand)
  expect(verdict).toMatchObject({ kind: 'failed', isUnreachable: false })
  expect(JSON.stringify(verdict)).toContain('the handler says what cannot be read')
  expect(errand.wishes).toEqual([])
  await expect.poll(() => reset).toBe(8)
})

test('a server of web pages is told apart from a handler', async () => {
  const handler = await speaking((stream) => {
    stream.respond({ ':status': 404, 'content-type': 'text/html' })
    stream.end('nothing')
  })
  const failure = 'the handler speaks no gRPC: HTTP 404'
  const wanted = { kind: 'failed', failure, isUnreachable: false }
  expect(await endpointTo(handler).carry(errandTo(handler))).toEqual(wanted)
})

test('a call that is called off is cancelled, and nothing that the handler says then is done', async () => {
  let heard: PlayedCall | undefined
  const { handler, endpoint } = await handled((call) => {
    heard = call
  })
  const errand = errandTo(handler.address)
  const carrying = endpoint.carry(errand)
  await expect.poll(() => heard).toBeDefined()
  await heard?.records()
  errand.callOff()
  expect(await carrying).toMatchObject({ kind: 'failed' })
  await heard?.until(() => heard?.isCancelled === true)
  expect(errand.wishes).toEqual([])
})

test('all hand-outs to one handler share a connection, and a lost one is made anew', async () => {
  const peers = new Set<string>()
  const { handler, endpoint } = await handled((call) => {
    peers.add(call.call.getPeer())
    call.say({ case: 'delete', value: {} })
  })
  const { address, port } = handler
  await Promise.all([1, 2, 3].map(() => endpoint.carry(errandTo(address))))
  expect(peers.size).toBe(1)
  handler.kill()
  await expect.poll(() => endpoint.reach()).toBe(false)
  const again = await new PlayedHandler((call) => call.say({ case: 'delete', value: {} })).listen(
    port,
  )
  atEnd(() => again.kill())
  expect(await endpoint.reach()).toBe(true)
  expect(await endpoint.carry(errandTo(address))).toEqual({ kind: 'ended' })
})

test('where nobody listens nothing can be reached', async () => {
  const server = createServer()
  const handler = `grpc://${await listening(server)}`
  await new Promise((resolve) => server.close(resolve))
  const endpoint = endpointTo(handler)
  expect(await endpoint.reach()).toBe(false)
  const failure = `${handler} cannot be reached: ECONNREFUSED`
  const wanted = { kind: 'failed', failure, isUnreachable: true }
  expect(await endpoint.carry(errandTo(handler))).toEqual(wanted)
})

test('who accepts connections and speaks no HTTP/2 cannot be reached', async () => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const handler = `grpc://${await listening(server)}`
  const endpoint = endpointTo(handler)
  expect(await endpoint.reach()).toBe(false)
  expect(await endpoint.carry(errandTo(handler))).toMatchObject({ isUnreachable: true })
})
