/** A transaction of records as bytes. */
import type { WireWriter } from '../wire-writer.ts'
import { writeChange, writeFence } from './change-codec.ts'
import { comparisonNumber } from './comparison.ts'
import { STEP_FIELD } from './field.ts'
import type { Compare, TransactOperation, TransactStep } from './operation.ts'

export function writeTransact(writer: WireWriter, operation: TransactOperation): void {
  for (const compare of operation.compares) writeCompare(writer, compare)
  for (const step of operation.then) writeStep(writer, 2, step)
  for (const step of operation.otherwise) writeStep(writer, 3, step)
  writeChange(writer, operation.change)
  writeFence(writer, operation.fence)
}

function writeCompare(writer: WireWriter, compare: Compare): void {
  const start = writer.beginMessage(1)
  writer.bytesField(1, compare.key)
  writer.u32Field(2, comparisonNumber(compare.is))
  // One of many is written also when it holds its zero value: else nobody could tell which one it is.
  if (compare.target === 'version') writer.optionalU64Field(3, compare.version)
  else writer.optionalBytesField(4, compare.value)
  writer.endMessage(start)
}

function writeStep(writer: WireWriter, field: number, step: TransactStep): void {
  const start = writer.beginMessage(field)
  const inner = writer.beginMessage(STEP_FIELD[step.kind])
  writer.bytesField(1, step.key)
  if (step.kind === 'put') {
    writer.bytesField(2, step.value)
    writer.optionalU64Field(3, step.lease)
  }
  writer.endMessage(inner)
  writer.endMessage(start)
}
