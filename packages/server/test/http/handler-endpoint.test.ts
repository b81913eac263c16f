/** A hand-out as a POST, with handlers that behave and handlers that do not. */
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { HttpHandlerEndpoint } from '../../src/http/handler-endpoint.ts'
import { addressOf, errandTo } from '../services/delivery/errand.ts'
import { atEnd } from '../grpc/harness.ts'
import { listening } from '../grpc/listening.ts'

async function handled(answer: RequestListener, path = '/tasks?of=mine') {
  const server = createServer(answer)
  atEnd(() => server.closeAllConnections())
  const handler = `http://${await listening(server)}${path}`
  const endpoint = endpointTo(handler)
  return { handler, endpoint, carried: () => endpoint.carry(errandTo(handler)) }
}

function endpointTo(handler: string): HttpHandlerEndpoint {
  const endpoint = new HttpHandlerEndpoint(addressOf(handler), {
    ...systemClock,
    wallMs: () => Date.UTC(2026, 0, 1),
  })
  atEnd(() => endpoint.close())
  return endpoint
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}

// holds: S2-18
test('a hand-out is one POST with all that a handler must know', async () => {
  const asked: unknown[] = []
  const { handler, endpoint } = await handled((request, response) => {
    void bodyOf(request).then((body) => {
      const { method, url, headers } = request
      const { 'content-type': type, 'idempotency-key': key } = headers
      asked.push([method, url, type, key, JSON.parse(body)])
      return response.writeHead(204).end()
    })
  })
  const errand = errandTo(handler, { records: ['one', new Uint8Array([0, 255])] })
  expect(await endpoint.carry(errand)).toEqual({ kind: 'delete' })
  const body = {
    path: '/local/orders',
    task: '3.17',
    theme: 7,
    name: 'payments',
    attempt: 2,
    repeats: 1,
    records: ['b25l', 'AP8='],
  }
  expect(asked).toEqual([['POST', '/tasks?of=mine', 'application/json', '3.17/2', body]])
  expect(errand.wishes).toEqual([])
})

test.for([
  [503, '120', 120],
  [429, '0', 1],
  [409, 'Thu, 01 Jan 2026 00:01:00 GMT', 60],
  [503, 'Thu, 01 Jan 2015 00:00:00 GMT', 1],
  [503, '99999999999999', 0xffff_ffff],
] as const)(
  '%i with Retry-After %s stores the task for %i s',
  async ([status, after, delaySeconds]) => {
    const { carried } = await handled((_request, response) => {
      response.writeHead(status, { 'retry-after': after }).end()
    })
    expect(await carried()).toMatchObject({ kind: 'store', delaySeconds })
  },
)

test.for([
  [500, {}, 'HTTP 500 Internal Server Error'],
  [404, { 'retry-after': '9' }, 'HTTP 404 Not Found'],
  [503, {}, 'HTTP 503 Service Unavailable'],
  [429, { 'retry-after': 'soon' }, 'HTTP 429 Too Many Requests'],
  [302, { location: 'http://127.0.0.1:1/elsewhere' }, 'HTTP 302 Found'],
  [799, {}, 'HTTP 799'],
] as const)('%i %j is a failure: nothing is followed', async ([status, headers, failure]) => {
  let asked = 0
  const { carried } = await handled((_request, response) => {
    asked += 1
    response.writeHead(status, 'secret words', headers).end('more secret words')
  })
  expect(await carried()).toEqual({ kind: 'failed', failure, isUnreachable: false })
  expect(asked).toBe(1)
})

test('a response is read to its end, but not without end', async () => {
  let isClosed = false
  const { carried } = await handled((_request, response) => {
    response.writeHead(200)
    const write = (): void => {
      while (!isClosed && response.write(Buffer.alloc(16_384)));
    }
    response.on('drain', write)
    response.once('close', () => {
      isClosed = true
    })
    write()
  })
  expect(await carried()).toEqual({ kind: 'delete' })
  await expect.poll(() => isClosed).toBe(true)
})

test('a handler that never answers is left when the hand-out is called off', async () => {
  let asked: IncomingMessage | undefined
  const { handler, endpoint } = await handled((request) => {
    asked = request
  })
  const errand = errandTo(handler)
  const carrying = endpoint.carry(errand)
  await expect.poll(() => asked).toBeDefined()
  const closed = new Promise((resolve) => asked?.once('close', resolve))
  errand.callOff()
  expect(await carrying).toMatchObject({ kind: 'failed', isUnreachable: false })
  await closed
})

test('a handler that breaks the connection before it answers counts as not to be reached', async () => {
  const { carried } = await handled((request) => void request.socket.destroy())
  expect(await carried()).toMatchObject({ kind: 'failed', isUnreachable: true })
})

test('a connection that was closed while it waited for its next use is no failure', async () => {
  let asked = 0
  const { carried } = await handled((request, response) => {
    asked += 1
    // The second request comes on the connection of the first.
    if (asked === 2) request.socket.resetAndDestroy()
    else response.writeHead(200).end()
  })
  expect(await carried()).toEqual({ kind: 'delete' })
  await new Promise((resolve) => setImmediate(resolve))
  expect(await carried()).toEqual({ kind: 'delete' })
  expect(asked).toBe(3)
})

test('a handler that speaks no HTTP is told of', async () => {
  const server = createTcpServer((socket) => socket.end('220 mail.example\r\n\r\n'))
  const handler = `http://${await listening(server)}`
  const verdict = await endpointTo(handler).carry(errandTo(handler))
  const failure = 'the handler speaks no HTTP'
  expect(verdict).toEqual({ kind: 'failed', failure, isUnreachable: false })
})

test('where nobody listens nothing can be reached', async () => {
  const server = createTcpServer()
  const handler = `http://${await listening(server)}`
  const endpoint = endpointTo(handler)
  const { signal } = new AbortController()
  expect(await endpoint.reach(signal)).toBe(true)
  await new Promise((resolve) => server.close(resolve))
  expect(await endpoint.reach(signal)).toBe(false)
  const failure = `${handler} cannot be reached: ECONNREFUSED`
  const wanted = { kind: 'failed', failure, isUnreachable: true }
  expect(await endpoint.carry(errandTo(handler))).toEqual(wanted)
})
