/** What went wrong, in words for people; clients show the message. */
import { WireError } from '../wire-error.ts'
import { BYTES, NESTING_MAX, VARINT, type WireReader } from '../wire-reader.ts'
import type { WireWriter } from '../wire-writer.ts'

/** YDB's issue without the positions in a query's text, which coordination does not have. */
export interface Issue {
  readonly message: string
  readonly issueCode: number
  readonly severity: number
  readonly issues: readonly Issue[]
}

export function writeIssue(writer: WireWriter, field: number, issue: Issue): void {
  const start = writer.beginMessage(field)
  writer.textField(2, issue.message)
  writer.u32Field(4, issue.issueCode)
  writer.u32Field(5, issue.severity)
  for (const inner of issue.issues) writeIssue(writer, 6, inner)
  writer.endMessage(start)
}

/** Reads the issue at which the reader stands. @throws WireError also when issues are nested too deep */
export function readIssue(reader: WireReader, depth: number = NESTING_MAX): Issue {
  if (depth <= 0) throw new WireError('issues are nested too deep')
  const outerEnd = reader.enter()
  let message = ''
  let issueCode = 0
  let severity = 0
  const issues: Issue[] = []
  while (reader.nextField()) {
    const { field, wireType } = reader
    if (wireType === BYTES && field === 2) message = reader.text()
    else if (wireType === VARINT && field === 4) issueCode = reader.u32()
    else if (wireType === VARINT && field === 5) severity = reader.u32()
    else if (wireType === BYTES && field === 6) issues.push(readIssue(reader, depth - 1))
    else reader.skip()
  }
  reader.leave(outerEnd)
  return { message, issueCode, severity, issues }
}
