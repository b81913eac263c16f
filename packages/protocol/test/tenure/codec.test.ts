/**
 * Tenure's own protocol: the hand-written codec against the generated code, which is the oracle: the same frames, both ways.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { array, property } from 'fast-check'
import { expect, test } from 'vitest'
import { counterexample } from '../../../../test/property.ts'
import { ClientFrameSchema, ServerFrameSchema } from '../../src/gen/tenure/v1/coordination_pb.ts'
import {
  decodeClientFrame,
  decodeServerFrame,
  encodeClientFrame,
  encodeServerFrame,
} from '../../src/index.ts'
import { clientMessages, generatedClientMessage } from './client-messages.ts'
import { made, plain } from './generated.ts'
import { generatedServerMessage, serverMessages } from './server-messages.ts'

const clientFrames = array(clientMessages, { maxLength: 4 })
const serverFrames = array(serverMessages, { maxLength: 4 })

test('what a client says reads as it was written', async () => {
  const same = property(clientFrames, (messages) => {
    expect(decodeClientFrame(encodeClientFrame(messages))).toEqual(messages)
  })
  expect(await counterexample(same, 1_000)).toBeUndefined()
})

test('what a server says reads as it was written', async () => {
  const same = property(serverFrames, (messages) => {
    expect(decodeServerFrame(encodeServerFrame(messages))).toEqual(messages)
  })
  expect(await counterexample(same, 1_000)).toBeUndefined()
})

test('what a client says is the same with the generated code, in both directions', async () => {
  const same = property(clientFrames, (messages) => {
    const generated = made(ClientFrameSchema, { messages: messages.map(generatedClientMessage) })
    expect(fromBinary(ClientFrameSchema, plain(encodeClientFrame(messages)))).toEqual(generated)
    expect(decodeClientFrame(toBinary(ClientFrameSchema, generated))).toEqual(messages)
  })
  expect(await counterexample(same, 1_000)).toBeUndefined()
})

test('what a server says is the same with the generated code, in both directions', async () => {
  const same = property(serverFrames, (messages) => {
    const generated = made(ServerFrameSchema, { messages: messages.map(generatedServerMessage) })
    expect(fromBinary(ServerFrameSchema, plain(encodeServerFrame(messages)))).toEqual(generated)
    expect(decodeServerFrame(toBinary(ServerFrameSchema, generated))).toEqual(messages)
  })
  expect(await counterexample(same, 1_000)).toBeUndefined()
})
