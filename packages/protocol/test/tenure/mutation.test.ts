/**
 * Frames with their structure changed: fields twice, missing, in another order, of another type, unknown, longer than need be,
 * cut and spoilt, at every depth.
 *
 * Where the format allows the change, the frame means what the generated code says that it means: it is read by the generated
 * code, written anew and read by hand.
 */
import { type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf'
import { array, property } from 'fast-check'
import { expect, test } from 'vitest'
import { counterexample } from '../../../../test/property.ts'
import { ClientFrameSchema, ServerFrameSchema } from '../../src/gen/tenure/v1/coordination_pb.ts'
import {
  decodeClientFrame,
  decodeServerFrame,
  encodeClientFrame,
  encodeServerFrame,
  WireError,
} from '../../src/index.ts'
import { mistyped, mutated, rewritten } from '../session/wire-tree.ts'
import { clientMessages } from './client-messages.ts'
import { serverMessages } from './server-messages.ts'

const asked = array(clientMessages, { maxLength: 3 }).map((each) => encodeClientFrame(each))
const said = array(serverMessages, { maxLength: 3 }).map((each) => encodeServerFrame(each))

/** Null when refused. Any error but the one for malformed bytes goes through. */
function attempt<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
}

function anew(schema: DescMessage, bytes: Uint8Array): Uint8Array {
  return toBinary(schema, fromBinary(schema, bytes, { readUnknownFields: false }))
}

test('a frame of a client written in another way, with what a later version may add, is read as the generated code reads it', async () => {
  const agrees = property(rewritten(asked, ClientFrameSchema), (bytes) => {
    const again = anew(ClientFrameSchema, bytes)
    expect(attempt(() => decodeClientFrame(bytes))).toEqual(attempt(() => decodeClientFrame(again)))
  })
  expect(await counterexample(agrees, 1_500)).toBeUndefined()
})

test('a frame of a server written in another way, with what a later version may add, is read as the generated code reads it', async () => {
  const agrees = property(rewritten(said, ServerFrameSchema), (bytes) => {
    const again = anew(ServerFrameSchema, bytes)
    expect(attempt(() => decodeServerFrame(bytes))).toEqual(attempt(() => decodeServerFrame(again)))
  })
  expect(await counterexample(agrees, 1_500)).toBeUndefined()
})

test('a field of another type than the declared one is passed over in a frame', async () => {
  const passedOver = property(
    mistyped(asked, ClientFrameSchema),
    mistyped(said, ServerFrameSchema),
    (client, server) => {
      expect(decodeClientFrame(client.mixed)).toEqual(decodeClientFrame(client.plain))
      expect(decodeServerFrame(server.mixed)).toEqual(decodeServerFrame(server.plain))
    },
  )
  expect(await counterexample(passedOver, 1_000)).toBeUndefined()
})

// guards: M1, M2
test('a frame of a client whose structure is spoilt is refused, or means what it says', async () => {
  const means = property(mutated(asked, ClientFrameSchema), (bytes) => {
    const read = attempt(() => decodeClientFrame(bytes))
    expect(read && decodeClientFrame(encodeClientFrame(read))).toEqual(read)
  })
  expect(await counterexample(means, 3_000)).toBeUndefined()
})

// guards: M1
test('a frame of a server whose structure is spoilt is refused, or means what it says', async () => {
  const means = property(mutated(said, ServerFrameSchema), (bytes) => {
    const read = attempt(() => decodeServerFrame(bytes))
    expect(read && decodeServerFrame(encodeServerFrame(read))).toEqual(read)
  })
  expect(await counterexample(means, 3_000)).toBeUndefined()
})
