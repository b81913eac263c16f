/**
 * The hand-written codec against the generated code, which is the oracle: the same messages, both ways.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { SessionRequestSchema, SessionResponseSchema } from '@ydbjs/api/coordination'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeSessionRequest,
  decodeSessionResponse,
  encodeSessionRequest,
  encodeSessionResponse,
  type SessionResponse,
  WireError,
} from '../../src/index.ts'
import { generatedRequest, generatedResponse, plain, requests, responses } from './messages.ts'

test('a request encoded by hand reads the same with the generated code', () => {
  fc.assert(
    fc.property(requests, (request) => {
      const read = fromBinary(SessionRequestSchema, plain(encodeSessionRequest(request)))
      expect(read).toEqual(generatedRequest(request))
    }),
    { numRuns: 1000 },
  )
})

test('a request encoded by the generated code reads the same by hand', () => {
  fc.assert(
    fc.property(requests, (request) => {
      const encoded = toBinary(SessionRequestSchema, generatedRequest(request))
      expect(decodeSessionRequest(encoded)).toEqual(request)
    }),
    { numRuns: 1000 },
  )
})

test('a response encoded by hand reads the same with the generated code', () => {
  fc.assert(
    fc.property(responses, (response) => {
      const read = fromBinary(SessionResponseSchema, plain(encodeSessionResponse(response)))
      expect(read).toEqual(generatedResponse(response))
    }),
    { numRuns: 1000 },
  )
})

test('a response encoded by the generated code reads the same by hand', () => {
  fc.assert(
    fc.property(responses, (response) => {
      const encoded = toBinary(SessionResponseSchema, generatedResponse(response))
      expect(decodeSessionResponse(encoded)).toEqual(response)
    }),
    { numRuns: 1000 },
  )
})

// guards: M1
test('of two messages behind each other the last alternative wins, and the same one is merged', () => {
  fc.assert(
    fc.property(requests, requests, (first, second) => {
      const both = plain(Buffer.concat([encodeSessionRequest(first), encodeSessionRequest(second)]))
      const read = generatedRequest(decodeSessionRequest(both))
      expect(read).toEqual(fromBinary(SessionRequestSchema, both))
    }),
    { numRuns: 1000 },
  )
})

/** Any error but the one for malformed bytes goes through. */
function attempt<T>(read: () => T): T | 'refused' {
  try {
    return read()
  } catch (error) {
    if (error instanceof WireError) return 'refused'
    throw error
  }
}

// guards: M1
test('any bytes are either refused or read as some request', () => {
  const mutated = fc
    .tuple(requests, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }), fc.nat())
    .map(([request, changes, cut]) => {
      const encoded = Uint8Array.from(encodeSessionRequest(request))
      for (const [at, value] of changes)
        if (encoded.length > 0) encoded[at % encoded.length] = value
      return encoded.subarray(0, encoded.length - (cut % 3 === 0 ? cut % (encoded.length + 1) : 0))
    })
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 60 })), (encoded) => {
      const read = attempt(() => decodeSessionRequest(encoded))
      const again = read === 'refused' ? read : decodeSessionRequest(encodeSessionRequest(read))
      expect(again).toEqual(read)
    }),
    { numRuns: 3000 },
  )
})

// guards: M1
test('any bytes are either refused or read as some response', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        responses.chain((response) => {
          const encoded = Uint8Array.from(encodeSessionResponse(response))
          return fc.tuple(fc.nat(), fc.nat({ max: 255 })).map(([at, value]) => {
            if (encoded.length > 0) encoded[at % encoded.length] = value
            return encoded
          })
        }),
      ),
      (encoded) => {
        const read = attempt(() => decodeSessionResponse(encoded))
        const again = read === 'refused' ? read : decodeSessionResponse(encodeSessionResponse(read))
        expect(again).toEqual(read)
      },
    ),
    { numRuns: 3000 },
  )
})

const REFUSED: ReadonlyArray<readonly [why: string, bytes: number[]]> = [
  ['a name that is not UTF-8', [0x42, 4, 0x12, 2, 0xc3, 0x28]],
  ['a name with an encoded surrogate', [0x42, 5, 0x12, 3, 0xed, 0xa0, 0x80]],
  ['a name with an over-long encoding', [0x42, 4, 0x12, 2, 0xc0, 0x80]],
  ['a varint of eleven bytes', [0x0a, 12, 0x08, ...Array.from({ length: 10 }, () => 0xff), 1]],
  ['a varint that is cut short', [0x0a, 2, 0x08, 0x80]],
  ['a length beyond the end', [0x0a, 5, 0x08, 1]],
  ['a field inside that overruns its message', [0x42, 2, 0x12, 5, 0x61, 0x61, 0x61, 0x61, 0x61]],
  ['field number 0', [0x02, 0]],
  ['wire type 6', [0x0e, 0]],
  ['a group that does not end', [0x0b, 0x08, 1]],
  ['a group that ends as another', [0x0b, 0x14]],
  ['the end of a group that did not begin', [0x0c]],
  ['groups nested 200 deep', Array.from({ length: 200 }, () => 0x0b)],
]

// guards: M1, M2
test.for(REFUSED)('%s is refused', ([, bytes]) => {
  expect(() => decodeSessionRequest(Uint8Array.from(bytes))).toThrow(WireError)
})

test('unknown fields are passed over, whatever their type', () => {
  const unknown = Buffer.concat([
    Buffer.of(0xa0, 0x06, 0xff, 0x01), // field 100 as a varint
    Buffer.of(0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8), // as 64 bits
    Buffer.of(0xa2, 0x06, 2, 0xff, 0xff), // as bytes
    Buffer.of(0xa3, 0x06, 0x08, 0x01, 0xa4, 0x06), // as a group
    Buffer.of(0xa5, 0x06, 1, 2, 3, 4), // as 32 bits
  ])
  const ping = [0x08, 7, ...unknown]
  const bytes = Uint8Array.from([...unknown, 0x0a, ping.length, ...ping, ...unknown])
  expect(decodeSessionRequest(bytes)).toEqual({ kind: 'ping', opaque: 7n })
})

test('what was read does not change when the buffer is used again', () => {
  const bytes = encodeSessionRequest({
    kind: 'update',
    requestId: 1n,
    name: 'n',
    data: Uint8Array.of(1, 2, 3),
  })
  const read = decodeSessionRequest(bytes)
  bytes.fill(0)
  expect(read).toEqual({ kind: 'update', requestId: 1n, name: 'n', data: Uint8Array.of(1, 2, 3) })
})

function release(name: string, requestId: bigint): () => Uint8Array {
  return () => encodeSessionRequest({ kind: 'release', name, requestId })
}

test('what cannot be expressed is refused before any byte is written', () => {
  expect(release('\ud800', 1n)).toThrow(WireError)
  expect(release('a', -1n)).toThrow(WireError)
  expect(release('a', 2n ** 64n)).toThrow(WireError)
  expect(decodeSessionRequest(release('a', 1n)())).toEqual({
    kind: 'release',
    name: 'a',
    requestId: 1n,
  })
})

test("the order id of a grant is ours to read, and YDB's clients pass over it", () => {
  const response: SessionResponse = {
    kind: 'acquire-result',
    requestId: 7n,
    status: 400_000,
    issues: [],
    acquired: true,
    orderId: 2n ** 64n - 1n,
  }
  const bytes = encodeSessionResponse(response)
  expect(decodeSessionResponse(bytes)).toEqual(response)
  const { response: seen } = fromBinary(SessionResponseSchema, bytes)
  expect(seen).toMatchObject({
    case: 'acquireSemaphoreResult',
    value: { reqId: 7n, status: 400_000, acquired: true },
  })
})
