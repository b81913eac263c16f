/** The protocol of those who handle tasks: what Tenure's server says to them, and they to it. */
import { expect, test } from 'vitest'
import { Code } from '../../src/gen/tenure/v1/coordination_pb.ts'
import { codeNumber, codeOf, create, fromBinary, HANDLE_PATH, toBinary } from '../../src/index.ts'
import {
  DialerMessageSchema,
  HANDLER_FILE,
  HandlerMessageSchema,
  TENURE_FILE,
} from '../../src/tenure-v1.ts'

test('the method of handlers is what the proto file says', () => {
  const methods = HANDLER_FILE.services.flatMap((service) =>
    service.methods.map((method) => ({
      path: `/${service.typeName}/${method.name}`,
      input: method.input,
      output: method.output,
      streaming: method.methodKind === 'bidi_streaming',
    })),
  )
  const [input, output] = [DialerMessageSchema, HandlerMessageSchema]
  expect(methods).toEqual([{ path: HANDLE_PATH, input, output, streaming: true }])
  expect(HANDLER_FILE.dependencies).toEqual([TENURE_FILE])
})

test('what the server says to a handler has the bytes that other languages expect', () => {
  const handOut = create(DialerMessageSchema, {
    message: {
      case: 'handOut',
      value: {
        task: { term: 3n, index: 17n },
        theme: 7,
        path: '/a',
        attempt: 2,
        repeats: 1,
        records: [Uint8Array.of(9), new Uint8Array(0)],
        more: true,
      },
    },
  })
  const task = [0x0a, 4, 8, 3, 16, 17]
  const fields = [...task, 16, 7, 0x1a, 2, 0x2f, 0x61, 32, 2, 40, 1, 0x32, 1, 9, 0x32, 0, 56, 1]
  expect([...toBinary(DialerMessageSchema, handOut)]).toEqual([0x0a, fields.length, ...fields])
})

function outcomeOf5(code: number | null): Uint8Array {
  const outcome = { number: 5n, ...(code !== null && { code }) }
  const message = { case: 'outcome', value: outcome } as const
  return toBinary(DialerMessageSchema, create(DialerMessageSchema, { message }))
}

test('an outcome without a code says that it was done, one with a code why not', () => {
  expect([...outcomeOf5(null)]).toEqual([0x12, 2, 8, 5])
  expect([...outcomeOf5(codeNumber('STALE_ATTEMPT'))]).toEqual([0x12, 4, 8, 5, 16, 20])
  const { message } = fromBinary(DialerMessageSchema, outcomeOf5(Code.STALE_ATTEMPT))
  expect(message.case === 'outcome' && codeOf(message.value.code ?? 0)).toBe('STALE_ATTEMPT')
})

test('what a handler says has the bytes that other languages write', () => {
  const operations = [
    [0x12, 3, 0x0a, 1, 9],
    [0x1a, 2, 0x0a, 0],
    [0x22, 0],
    [0x2a, 5, 8, 60, 0x12, 1, 0x78],
  ]
  const read = operations.map((bytes, at) => {
    return fromBinary(HandlerMessageSchema, Uint8Array.from([8, at + 1, ...bytes]))
  })
  expect(read).toMatchObject([
    { number: 1n, operation: { case: 'append', value: { record: Uint8Array.of(9) } } },
    { number: 2n, operation: { case: 'replace', value: { record: new Uint8Array(0) } } },
    { number: 3n, operation: { case: 'delete' } },
    { number: 4n, operation: { case: 'store', value: { delaySeconds: 60, failure: 'x' } } },
  ])
})

test('an operation of a later version has its number, and nothing that is known', () => {
  const later = fromBinary(HandlerMessageSchema, Uint8Array.of(8, 6, 0xfa, 0x07, 1, 0xff))
  expect(later.number).toBe(6n)
  expect(later.operation.case).toBeUndefined()
})
