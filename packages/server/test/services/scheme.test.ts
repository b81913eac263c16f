/** Directories as YDB's scheme shows them. */
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import {
  DescribePathRequestSchema,
  DescribePathResponseSchema,
  DescribePathResultSchema,
  Entry_Type,
  ListDirectoryRequestSchema,
  ListDirectoryResponseSchema,
  ListDirectoryResultSchema,
} from '@ydbjs/api/scheme'
import { expect, test } from 'vitest'
import { serve } from '../grpc/harness.ts'
import type { RawClient } from '../grpc/raw-client.ts'

const SUCCESS = 400_000
const BAD_REQUEST = 400_010
const SCHEME_ERROR = 400_070

async function list(client: RawClient, path: string) {
  const { operation } = await client.call(
    '/Ydb.Scheme.V1.SchemeService/ListDirectory',
    { input: ListDirectoryRequestSchema, output: ListDirectoryResponseSchema },
    { path },
  )
  if (operation?.result === undefined) return { status: operation?.status, entries: [] }
  const result = anyUnpack(operation.result, ListDirectoryResultSchema)
  const entries = [result?.self, ...(result?.children ?? [])]
  return { status: operation.status, entries: entries.map((entry) => [entry?.name, entry?.type]) }
}

async function describe(client: RawClient, path: string) {
  const { operation } = await client.call(
    '/Ydb.Scheme.V1.SchemeService/DescribePath',
    { input: DescribePathRequestSchema, output: DescribePathResponseSchema },
    { path },
  )
  const result = operation?.result && anyUnpack(operation.result, DescribePathResultSchema)
  return { status: operation?.status, type: result?.self?.type }
}

test('the database is a directory from the start, and every parent of a node is one', async () => {
  const { client } = await serve()
  expect(await list(client, '/local')).toEqual({
    status: SUCCESS,
    entries: [['local', Entry_Type.DATABASE]],
  })
  await client.createNode('/local/app/locks')
  await client.createNode('/local/app/jobs/night')
  await client.createNode('/local/apple')
  expect((await list(client, '/local/')).entries).toEqual([
    ['local', Entry_Type.DATABASE],
    ['app', Entry_Type.DIRECTORY],
    ['apple', Entry_Type.COORDINATION_NODE],
  ])
  expect((await list(client, 'app')).entries).toEqual([
    ['app', Entry_Type.DIRECTORY],
    ['jobs', Entry_Type.DIRECTORY],
    ['locks', Entry_Type.COORDINATION_NODE],
  ])
})

test('a path is described as what it is, and as an error when nothing is there', async () => {
  const { client } = await serve()
  await client.createNode('/local/app/locks')
  expect(await describe(client, '/local')).toEqual({ status: SUCCESS, type: Entry_Type.DATABASE })
  expect(await describe(client, '/local/app')).toEqual({
    status: SUCCESS,
    type: Entry_Type.DIRECTORY,
  })
  expect(await describe(client, '/local/app/locks')).toEqual({
    status: SUCCESS,
    type: Entry_Type.COORDINATION_NODE,
  })
  expect((await describe(client, '/local/ap')).status).toBe(SCHEME_ERROR)
  expect((await describe(client, '/elsewhere')).status).toBe(SCHEME_ERROR)
  expect((await describe(client, '/local/../etc')).status).toBe(BAD_REQUEST)
})

test('a directory goes with the last node below it', async () => {
  const { client } = await serve()
  await client.createNode('/local/app/locks')
  await client.dropNode('/local/app/locks')
  expect((await describe(client, '/local/app')).status).toBe(SCHEME_ERROR)
})
