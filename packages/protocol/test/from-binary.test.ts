/** guards: M1 */
import { expect, test } from 'vitest'
import { create, fromBinary, ServerReflectionRequestSchema, toBinary } from '../src/index.ts'

test('a text that the generated code reads keeps all its characters', () => {
  const host = '\uFEFFhost'
  const request = create(ServerReflectionRequestSchema, { host })
  const bytes = toBinary(ServerReflectionRequestSchema, request)
  expect(fromBinary(ServerReflectionRequestSchema, bytes).host).toBe(host)
})
