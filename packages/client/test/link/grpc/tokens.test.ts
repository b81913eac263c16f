// A login service of the test: what a real server puts into its tokens, and how often it is asked, cannot be seen from outside.
import { Server, ServerCredentials } from '@grpc/grpc-js'
import {
  anyPack,
  create,
  fromBinary,
  LOGIN,
  LoginResultSchema,
  STATUS,
  toBinary,
} from '@tenure/protocol'
import { expect, test } from 'vitest'
import { grpcDial } from '../../../src/link/grpc/grpc-channel.ts'
import { UnauthorizedError } from '../../../src/errors.ts'
import { Channels } from '../../../src/link/grpc/channels.ts'
import { Tokens } from '../../../src/link/grpc/tokens.ts'
import { FakeClock } from '../../fake-clock.ts'

interface Logins extends AsyncDisposable {
  readonly tokens: Tokens
  readonly clock: FakeClock
  readonly count: () => number
}

async function logins(token: (count: number) => string | null): Promise<Logins> {
  let count = 0
  const server = new Server()
  server.addService(
    {
      login: {
        path: LOGIN.path,
        requestStream: false,
        responseStream: false,
        requestSerialize: (bytes: Buffer) => bytes,
        requestDeserialize: (bytes: Buffer) => fromBinary(LOGIN.input, bytes),
        responseSerialize: (message) => Buffer.from(toBinary(LOGIN.output, message)),
        responseDeserialize: (bytes: Buffer) => fromBinary(LOGIN.output, bytes),
      },
    },
    {
      login: (_call: unknown, reply: (error: null, value: unknown) => void) => {
        count += 1
        const given = token(count)
        const operation =
          given === null
            ? { ready: true, status: STATUS.UNAUTHORIZED as number, issues: [{ message: 'no' }] }
            : {
                ready: true,
                status: STATUS.SUCCESS as number,
                result: anyPack(LoginResultSchema, create(LoginResultSchema, { token: given })),
              }
        reply(null, create(LOGIN.output, { operation }))
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
  const channels = new Channels([`127.0.0.1:${port}`], grpcDial(false, {}))
  const clock = new FakeClock()
  const credentials = { kind: 'static', user: 'anna', password: 'p' } as const
  return {
    tokens: new Tokens({ channels, database: '/local', credentials, clock }),
    clock,
    count: () => count,
    [Symbol.asyncDispose]: () => {
      channels.close()
      server.forceShutdown()
      return Promise.resolve()
    },
  }
}

function jwt(seconds: number): string {
  const payload = Buffer.from(JSON.stringify({ iat: 1_000, exp: 1_000 + seconds }))
  return `head.${payload.toString('base64url')}.signature`
}

test('calls at the same time share one login', async () => {
  await using world = await logins((count) => `t${count}`)
  expect(await Promise.all([world.tokens.get(), world.tokens.get()])).toEqual(['t1', 't1'])
  expect(world.count()).toBe(1)
})

test('a token is renewed before the end of the life that it states', async () => {
  await using world = await logins(() => jwt(1_000))
  await world.tokens.get()
  world.clock.advance(749_000)
  await world.tokens.get()
  expect(world.count()).toBe(1)
  world.clock.advance(2_000)
  await world.tokens.get()
  expect(world.count()).toBe(2)
})

test('a token that states no life is given five minutes', async () => {
  await using world = await logins((count) => `t${count}`)
  await world.tokens.get()
  world.clock.advance(300_000)
  expect(await world.tokens.get()).toBe('t2')
})

test('a refused token is forgotten once, so that one more attempt is made', async () => {
  await using world = await logins((count) => `t${count}`)
  expect(world.tokens.forget()).toBe(false)
  await world.tokens.get()
  expect(world.tokens.forget()).toBe(true)
  expect(await world.tokens.get()).toBe('t2')
})

test('a refused login rejects, and the next call tries again', async () => {
  await using world = await logins((count) => (count === 1 ? null : 't'))
  await expect(world.tokens.get()).rejects.toThrow(UnauthorizedError)
  expect(await world.tokens.get()).toBe('t')
})
