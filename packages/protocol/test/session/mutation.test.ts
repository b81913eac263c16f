/**
 * Messages with their structure changed: fields twice, missing, in another order, of another type, unknown, longer than need
 * be, at every depth. The hand-written codec reads them as the generated code does, which is no judge of fields of another
 * type than the declared one: it reads on at the wrong place.
 */
import { fromBinary } from '@bufbuild/protobuf'
import { SessionRequestSchema, SessionResponseSchema } from '@ydbjs/api/coordination'
import { pre, property } from 'fast-check'
import { expect, test } from 'vitest'
import { counterexample } from '../../../../test/property.ts'
import {
  decodeSessionRequest,
  decodeSessionResponse,
  encodeSessionRequest,
  encodeSessionResponse,
  WireError,
} from '../../src/index.ts'
import { generatedRequest, generatedResponse, requests, responses } from './messages.ts'
import { fieldsOf, mistyped, mutated, rewritten } from './wire-tree.ts'

const request = requests.map((each) => encodeSessionRequest(each))
const response = responses.map((each) => encodeSessionResponse(each))

test('a request written in another way, with what a later version may add, is read as the generated code reads it', async () => {
  const agrees = property(rewritten(request, SessionRequestSchema), (bytes) => {
    const oracle = fromBinary(SessionRequestSchema, bytes, { readUnknownFields: false })
    expect(generatedRequest(decodeSessionRequest(bytes))).toEqual(oracle)
  })
  expect(await counterexample(agrees, 1_000)).toBeUndefined()
})

test('a response written in another way, with what a later version may add, is read as the generated code reads it', async () => {
  const agrees = property(rewritten(response, SessionResponseSchema), (bytes) => {
    const read = decodeSessionResponse(bytes)
    // A server says one thing at a time, so the reader does not merge what is said twice.
    pre(fieldsOf(bytes).filter(({ number }) => number < 100).length <= 1)
    const oracle = fromBinary(SessionResponseSchema, bytes, { readUnknownFields: false })
    expect(generatedResponse(read)).toEqual(oracle)
  })
  expect(await counterexample(agrees, 1_000)).toBeUndefined()
})

test('a field of another type than the declared one is passed over', async () => {
  const passedOver = property(
    mistyped(request, SessionRequestSchema),
    mistyped(response, SessionResponseSchema),
    (asked, said) => {
      expect(decodeSessionRequest(asked.mixed)).toEqual(decodeSessionRequest(asked.plain))
      expect(decodeSessionResponse(said.mixed)).toEqual(decodeSessionResponse(said.plain))
    },
  )
  expect(await counterexample(passedOver, 1_000)).toBeUndefined()
})

/** Null when refused. Any error but the one for malformed bytes goes through. */
function attempt<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
}

// guards: M1, M2
test('a request whose structure is spoilt is refused, or means what it says', async () => {
  const means = property(mutated(request, SessionRequestSchema), (bytes) => {
    const read = attempt(() => decodeSessionRequest(bytes))
    const again = read && decodeSessionRequest(encodeSessionRequest(read))
    expect(again).toEqual(read)
  })
  expect(await counterexample(means, 2_000)).toBeUndefined()
})

// guards: M1
test('a response whose structure is spoilt is refused, or means what it says', async () => {
  const means = property(mutated(response, SessionResponseSchema), (bytes) => {
    const read = attempt(() => decodeSessionResponse(bytes))
    const again = read && decodeSessionResponse(encodeSessionResponse(read))
    expect(again).toEqual(read)
  })
  expect(await counterexample(means, 2_000)).toBeUndefined()
})
