/**
 * Secrets stay where they are: no log line, metric, page, error text or description tells a ticket, a password or a protection
 * key, nor what was written.
 *
 * guards: A4, M3
 */
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { LoginRequestSchema, LoginResponseSchema, LoginResultSchema } from '@ydbjs/api/auth'
import { CreateNodeRequestSchema, CreateNodeResponseSchema } from '@ydbjs/api/coordination'
import { expect, test } from 'vitest'
import type { Log } from '../../src/index.ts'
import { connect, serve } from './harness.ts'
import { assertPlain } from './plain-text.ts'
import type { RawStream } from './raw-client.ts'

const PASSWORD = 'canary-password-5a1f'
const TICKET = 'canary-ticket-77c2'
const KEY = 'canary-key-91be0'
const WRONG_KEY = 'canary-keY-91be0'
const DATA = 'canary-data-3d40'
const SECRETS = [PASSWORD, TICKET, KEY, WRONG_KEY, DATA]

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

class HeardLog implements Log {
  readonly lines: string[] = []
  readonly info = this.#hear.bind(this)
  readonly warn = this.#hear.bind(this)
  readonly error = this.#hear.bind(this)

  #hear(message: string, fields: object = {}): void {
    this.lines.push(`${message} ${JSON.stringify(fields)}`)
  }
}

/** Every text that ends up with a client, until the stream is over. */
async function textsOf(stream: RawStream): Promise<string[]> {
  const texts: string[] = []
  for (;;) {
    try {
      const response = await stream.take()
      if (response.value !== undefined && 'issues' in response.value) {
        for (const { message } of response.value.issues) texts.push(message)
      }
    } catch {
      const { details } = await stream.ended
      return details === '' ? texts : [...texts, details]
    }
  }
}

test('what must not be known is in no output of the server', async () => {
  const log = new HeardLog()
  const { server, client } = await serve({
    log,
    users: { canary: PASSWORD },
    http: { host: '127.0.0.1', port: 0 },
  })
  const schemas = { input: LoginRequestSchema, output: LoginResponseSchema }
  const login = async (password: string) =>
    client.call('/Ydb.Auth.V1.AuthService/Login', schemas, { user: 'canary', password })
  const good = await login(PASSWORD)
  const result = good.operation?.result
  const { token = '' } = (result && anyUnpack(result, LoginResultSchema)) ?? {}
  const refusals = [await login(`${PASSWORD}x`), await login(TICKET)]
  const texts = refusals.flatMap(({ operation }) =>
    (operation?.issues ?? []).map(({ message }) => message),
  )
  const streams: RawStream[] = []
  const begin = (ticket: string, start: object): RawStream => {
    const stream = connect(server).stream({ 'x-ydb-auth-ticket': ticket })
    stream.start(start)
    streams.push(stream)
    return stream
  }
  await client.call(
    '/Ydb.Coordination.V1.CoordinationService/CreateNode',
    { input: CreateNodeRequestSchema, output: CreateNodeResponseSchema },
    { path: '/local/node' },
    { 'x-ydb-auth-ticket': token },
  )
  begin(TICKET, {})
  const owner = begin(token, { protectionKey: bytes(KEY) })
  await owner.next('sessionStarted')
  owner.send({ case: 'createSemaphore', value: { name: 's', limit: 0n, data: bytes(DATA) } })
  owner.send({ case: 'createSemaphore', value: { name: 's', limit: 1n, data: bytes(DATA) } })
  owner.send({ case: 'createSemaphore', value: { name: 's', limit: 1n, data: bytes(DATA) } })
  await owner.next('createSemaphoreResult')
  await owner.next('createSemaphoreResult')
  await owner.next('createSemaphoreResult')
  begin(token, { sessionId: owner.sessionId, protectionKey: bytes(WRONG_KEY) })
  begin(token, { protectionKey: bytes(`${KEY}${KEY}`) })
  begin(token, { path: `/local/${DATA}\0` }).halfClose()
  const { host, port } = server.httpAddress ?? { host: '', port: 0 }
  const pages = await Promise.all(
    ['/', '/metrics', '/readyz', '/version', `/${TICKET}`].map(async (path) =>
      (await fetch(`http://${host}:${port}${path}`)).text(),
    ),
  )
  owner.send({ case: 'sessionStop', value: {} })
  texts.push(...(await Promise.all(streams.map(textsOf))).flat())
  expect(texts.length).toBeGreaterThanOrEqual(4)
  for (const text of texts) assertPlain(text)
  const all = [...pages, ...log.lines, ...texts].join('\n')
  expect([...SECRETS, token].filter((secret) => all.includes(secret))).toEqual([])
})
