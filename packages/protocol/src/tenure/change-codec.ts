/** What protects a change: its number against being done twice, its fence against being done by one who holds nothing any more. */
import type { ChangeNumber } from '../session/request.ts'
import { BYTES, VARINT, type WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'
import { CHANGE_FIELD, FENCE_FIELD } from './field.ts'
import type { Fence } from './operation.ts'

export function writeChange(writer: WireWriter, change: ChangeNumber | undefined): void {
  if (change === undefined) return
  const start = writer.beginMessage(CHANGE_FIELD)
  writer.u64Field(1, change.serial)
  writer.u64Field(2, change.settledBelow)
  writer.endMessage(start)
}

export function writeFence(writer: WireWriter, fence: Fence | undefined): void {
  if (fence === undefined) return
  const start = writer.beginMessage(FENCE_FIELD)
  writer.textField(1, fence.name)
  writer.u64Field(2, fence.token)
  writer.endMessage(start)
}

/** Reads the number at which the reader stands. */
export function readChange(reader: WireReader): ChangeNumber {
  const outerEnd = reader.enter()
  let serial = 0n
  let settledBelow = 0n
  while (reader.nextField()) {
    if (reader.wireType !== VARINT) reader.skip()
    else if (reader.field === 1) serial = reader.u64()
    else if (reader.field === 2) settledBelow = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { serial, settledBelow }
}

/** Reads the fence at which the reader stands. */
export function readFence(reader: WireReader): Fence {
  const outerEnd = reader.enter()
  let name = ''
  let token = 0n
  while (reader.nextField()) {
    if (reader.field === 1 && reader.wireType === BYTES) name = reader.text()
    else if (reader.field === 2 && reader.wireType === VARINT) token = reader.u64()
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { name, token }
}
