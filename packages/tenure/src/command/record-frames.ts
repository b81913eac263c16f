/**
 * Records of a task in one stream of bytes: each behind its length, four bytes with the greatest first; or each on a line of its own.
 */
import type { CommandContext } from './context.ts'
import { UsageError } from './failure.ts'
import { readData } from './input.ts'

export interface FrameOptions {
  readonly lines?: boolean
}

/** What stands for the standard input among operands. */
const STDIN = '-'
const LENGTH_BYTES = 4
const LINE_END = 0x0a

/** The operands; of one that is `-` what the standard input holds. */
export async function recordsOf(
  context: CommandContext,
  operands: readonly string[],
  options: FrameOptions,
): Promise<Uint8Array[]> {
  const records: Uint8Array[] = []
  for (const operand of operands) {
    if (operand === STDIN) records.push(...unframed(await readData(context, STDIN), options))
    else records.push(new TextEncoder().encode(operand))
  }
  return records
}

/** All records as one input. */
export function framed(records: readonly Uint8Array[], { lines = false }: FrameOptions): Buffer {
  if (lines) return Buffer.concat(records.flatMap((record) => [record, Buffer.of(LINE_END)]))
  return Buffer.concat(records.flatMap((record) => [lengthOf(record), record]))
}

/** @throws UsageError when the lengths do not fit */
function unframed(bytes: Uint8Array, { lines = false }: FrameOptions): Uint8Array[] {
  return lines ? linesOf(bytes) : [...framesOf(bytes)]
}

function lengthOf(record: Uint8Array): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(record.length)
  return length
}

function* framesOf(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length;) {
    const start = at + LENGTH_BYTES
    const end = start <= bytes.length ? start + view.getUint32(at) : Infinity
    if (end > bytes.length) {
      throw new UsageError(
        `standard input ends within the record that begins at byte ${at}: each record stands behind its length, four bytes, the greatest first; ` +
          'for a record a line write --lines',
      )
    }
    yield bytes.subarray(start, end)
    at = end
  }
}

/** The last line needs no end. */
function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const found = bytes.indexOf(LINE_END, at)
    const end = found < 0 ? bytes.length : found
    lines.push(bytes.subarray(at, end))
    at = end + 1
  }
  return lines
}
