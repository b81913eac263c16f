/** Unary calls on the wire: nodes, discovery, login, health, reflection. */
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { DescribeNodeResultSchema } from '@ydbjs/api/coordination'
import type { Operation } from '@ydbjs/api/operation'
import {
  FileDescriptorProtoSchema,
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  LIST_ENDPOINTS,
  ListEndpointsResultSchema,
  LOGIN,
  LoginResultSchema,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
  ServingStatus,
  WHO_AM_I,
  WhoAmIResultSchema,
} from '@tenure/protocol'
import { expect, test } from 'vitest'
import { connect, serve, serveNode } from './harness.ts'
import type { RawClient } from './raw-client.ts'
import { begin, frame, openHttp2, statusOf } from './raw-http2.ts'

const SUCCESS = 400_000
const BAD_REQUEST = 400_010
const UNAUTHORIZED = 400_020
const SCHEME_ERROR = 400_070

function described(operation: Operation) {
  if (operation.result === undefined) throw new Error('no result')
  const result = anyUnpack(operation.result, DescribeNodeResultSchema)
  if (result === undefined) throw new Error(`result is a ${operation.result.typeUrl}`)
  return result
}

test('a node is described as it was stored, in the right envelope', async () => {
  const { client } = await serve()
  const config = { selfCheckPeriodMillis: 10, readConsistencyMode: 2, rateLimiterCountersMode: 1 }
  const created = await client.createNode('/local/a/b/c', config)
  expect(created).toMatchObject({ id: '', ready: true, status: SUCCESS, issues: [] })
  const operation = await client.describeNode('/local/a/b/c')
  expect(operation.result?.typeUrl).toBe('type.googleapis.com/Ydb.Coordination.DescribeNodeResult')
  const { self, config: stored } = described(operation)
  expect(self).toMatchObject({ name: 'c', type: 7 })
  expect(stored).toMatchObject({
    path: '',
    selfCheckPeriodMillis: 10,
    sessionGracePeriodMillis: 0,
    readConsistencyMode: 2,
    attachConsistencyMode: 0,
    rateLimiterCountersMode: 1,
  })
})

test('creating an existing node succeeds and keeps its settings; altering replaces only what is set', async () => {
  const { client } = await serve()
  await client.createNode('/local/n', { selfCheckPeriodMillis: 700 })
  const again = await client.createNode('/local/n', { selfCheckPeriodMillis: 900 })
  expect(again.status).toBe(SUCCESS)
  const altered = await client.alterNode('/local/n', { sessionGracePeriodMillis: 5_000 })
  expect(altered.status).toBe(SUCCESS)
  const { config } = described(await client.describeNode('local/n'.slice('local/'.length)))
  expect(config).toMatchObject({ selfCheckPeriodMillis: 700, sessionGracePeriodMillis: 5_000 })
})

test('altering, dropping and describing nothing is a SCHEME_ERROR, also after a drop', async () => {
  const { client } = await serveNode()
  expect((await client.dropNode('/local/node')).status).toBe(SUCCESS)
  for (const path of ['/local/node', '/local/none', '/local']) {
    expect((await client.dropNode(path)).status).toBe(SCHEME_ERROR)
    expect((await client.describeNode(path)).status).toBe(SCHEME_ERROR)
    expect((await client.alterNode(path, {})).status).toBe(SCHEME_ERROR)
  }
})

// guards: M2, A2
test.for([
  '',
  '/local/../x',
  '/local/./x',
  '/local/a\0b',
  `/local/${'x'.repeat(1100)}`,
  '/other/x',
])('a node cannot be created at %j', async (path) => {
  const { client } = await serve()
  const operation = await client.createNode(path)
  expect(operation).toMatchObject({ status: BAD_REQUEST, issues: [{ severity: 1 }] })
})

test('a node cannot be created below another, nor with a path in its settings', async () => {
  const { client } = await serveNode()
  expect((await client.createNode('/local/node/below')).status).toBe(SCHEME_ERROR)
  expect((await client.createNode('/local/x', { path: '/local/x' })).status).toBe(BAD_REQUEST)
})

test('paths that differ only in slashes name one node', async () => {
  const { client } = await serveNode()
  expect((await client.describeNode('//local//node/')).status).toBe(SUCCESS)
})

// guards: M1, M2
test('a unary request that is garbage or not UTF-8 ends with INVALID_ARGUMENT', async () => {
  const { client } = await serve()
  const path = '/Ydb.Coordination.V1.CoordinationService/CreateNode'
  for (const bytes of [Uint8Array.of(0xff), Uint8Array.of(10, 2, 0xc3, 0x28)]) {
    await expect(client.callBytes(path, bytes)).rejects.toMatchObject({ code: 3 })
  }
})

async function login(client: RawClient, user: string, password: string): Promise<Operation> {
  const { operation } = await client.call(LOGIN.path, LOGIN, { user, password })
  if (operation === undefined) throw new Error('no operation')
  return operation
}

test('discovery gives the address by which the client came', async () => {
  const { client, server } = await serve()
  const request = { database: '/local' }
  const { operation } = await client.call(LIST_ENDPOINTS.path, LIST_ENDPOINTS, request)
  const result = operation?.result && anyUnpack(operation.result, ListEndpointsResultSchema)
  const { host: address, port } = server.grpcAddress
  expect(result?.endpoints).toMatchObject([{ address, port, nodeId: 1, ssl: false }])
})

test('without users everybody is anonymous', async () => {
  const { client } = await serve()
  const { operation } = await client.call(WHO_AM_I.path, WHO_AM_I, {}, { 'x-ydb-auth-ticket': 'x' })
  const result = operation?.result && anyUnpack(operation.result, WhoAmIResultSchema)
  expect(result?.user).toBe('anonymous')
  expect((await login(client, '', '')).status).toBe(SUCCESS)
  expect((await login(client, 'root', '')).status).toBe(UNAUTHORIZED)
})

// guards: A1
test('with users a call needs the token that Login gave for the right password', async () => {
  const { client, server } = await serve({ users: { ann: 'secret' } })
  expect((await login(client, 'ann', 'wrong')).status).toBe(UNAUTHORIZED)
  expect((await login(client, 'bob', 'secret')).status).toBe(UNAUTHORIZED)
  expect((await client.createNode('/local/node')).status).toBe(UNAUTHORIZED)
  const stream = client.stream()
  stream.start()
  expect(await stream.next('failure')).toMatchObject({ status: UNAUTHORIZED })

  const operation = await login(client, 'ann', 'secret')
  const token = operation.result && anyUnpack(operation.result, LoginResultSchema)?.token
  const metadata = { 'x-ydb-auth-ticket': token ?? '' }
  const { operation: who } = await client.call(WHO_AM_I.path, WHO_AM_I, {}, metadata)
  expect(who?.result && anyUnpack(who.result, WhoAmIResultSchema)?.user).toBe('ann')
  await server.host.node('/local/node', { create: true })
  const known = client.stream(metadata)
  known.start()
  expect(await known.next('failure')).toMatchObject({ status: 400_140 })
})

test('health is SERVING for the server and its services, and NOT_FOUND for others', async () => {
  const { client } = await serve()
  const schemas = { input: HealthCheckRequestSchema, output: HealthCheckResponseSchema }
  const path = '/grpc.health.v1.Health/Check'
  for (const service of ['', 'Ydb.Coordination.V1.CoordinationService']) {
    const { status } = await client.call(path, schemas, { service })
    expect(status).toBe(ServingStatus.SERVING)
  }
  await expect(client.call(path, schemas, { service: 'x' })).rejects.toMatchObject({ code: 5 })
})

// guards: S7
test('who watches health is told when the server stops', async () => {
  const { server } = await serve()
  const stream = begin(openHttp2(server.grpcAddress), { ':path': '/grpc.health.v1.Health/Watch' })
  const chunks: Buffer[] = []
  const first = new Promise<void>((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      resolve()
    })
  })
  stream.write(frame(new Uint8Array(0)))
  await first
  const ended = statusOf(stream)
  await server.stop()
  expect(await ended).toBe('14')
  const frames = Buffer.concat(chunks)
  const statuses = [frames.subarray(5, 7), frames.subarray(12, 14)].map(
    (bytes) => fromBinary(HealthCheckResponseSchema, bytes).status,
  )
  expect(statuses).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING])
})

function requestOf(symbol?: string): Uint8Array {
  return toBinary(
    ServerReflectionRequestSchema,
    create(ServerReflectionRequestSchema, {
      messageRequest:
        symbol === undefined
          ? { case: 'listServices', value: '' }
          : { case: 'fileContainingSymbol', value: symbol },
    }),
  )
}

test('reflection names the services and describes them', async () => {
  const { server } = await serve()
  const ask = async (request: Uint8Array) => {
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'
    const stream = begin(openHttp2(server.grpcAddress), { ':path': path })
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.end(frame(request))
    await statusOf(stream)
    const bytes = new Uint8Array(Buffer.concat(chunks).subarray(5))
    return fromBinary(ServerReflectionResponseSchema, bytes).messageResponse
  }
  const services = await ask(requestOf())
  expect(JSON.stringify(services.value)).toContain('Ydb.Coordination.V1.CoordinationService')
  expect(JSON.stringify(services.value)).toContain('tenure.v1.CoordinationService')
  for (const symbol of [
    'Ydb.Coordination.V1.CoordinationService',
    'Ydb.Coordination.Config',
    'tenure.v1.CoordinationService',
    'tenure.v1.ClientFrame',
  ]) {
    const reply = await ask(requestOf(symbol))
    const files = reply.case === 'fileDescriptorResponse' ? reply.value.fileDescriptorProto : []
    const file = fromBinary(FileDescriptorProtoSchema, files[0] ?? new Uint8Array(0))
    const names = [...file.service, ...file.messageType].map((one) => `${file.package}.${one.name}`)
    expect(names).toContain(symbol)
  }
  expect((await ask(requestOf('No.Such'))).case).toBe('errorResponse')
})

// guards: S7
test('a graceful stop fails streams as unavailable after answering, and takes nothing new', async () => {
  const { client, server } = await serveNode()
  const stream = await client.session()
  stream.send({ case: 'createSemaphore', value: { reqId: 1n, name: 's', limit: 1n } })
  await stream.next('createSemaphoreResult')
  await Promise.all([server.stop(), server.stop()])
  expect(await stream.next('failure')).toMatchObject({ status: 400_050 })
  expect(await stream.ended).toMatchObject({ code: 0 })
  await expect(connect(server).createNode('/local/x')).rejects.toMatchObject({ code: 14 })
})

// guards: A1
test('an address that other machines can reach is refused unless it is allowed', async () => {
  const listen = { host: '0.0.0.0', port: 0 }
  await expect(serve({ listen })).rejects.toThrow(RangeError)
  await expect(serve({ http: listen })).rejects.toThrow(RangeError)
})
