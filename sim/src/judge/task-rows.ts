/** The rows of tasks, read as the kernel's `rows/task-keys.ts` and `rows/task-rows.ts` lay them out. */

export const TASK_TAG = {
  totals: 0x51,
  active: 0x52,
  record: 0x53,
  stored: 0x54,
  dead: 0x55,
  place: 0x56,
} as const

/** In the row of an active task, behind its format. */
const ACTIVE = { term: 1, theme: 9, attempt: 13, repeats: 17, firstRecord: 21 } as const
/** In the row of a stored or dead one. */
const KEPT = {
  index: 1,
  term: 9,
  attempt: 17,
  repeats: 21,
  firstRecord: 25,
  nextRecord: 29,
  recordBytes: 33,
} as const

export interface ActiveRow {
  readonly term: bigint
  readonly theme: number
  readonly attempt: number
  readonly repeats: number
  readonly firstRecord: number
}

/** Where a stored or dead task is. */
export interface PlaceRow {
  readonly state: 'stored' | 'dead'
  readonly theme: number
  readonly dueSecond: number
  readonly number: number
}

export interface KeptRow extends PlaceRow {
  readonly index: bigint
  readonly term: bigint
  readonly attempt: number
  readonly repeats: number
  readonly firstRecord: number
  readonly nextRecord: number
  readonly recordBytes: number
}

/** The index in the key of an active task, of a record, or of a place. */
export function indexIn(key: Uint8Array): bigint {
  return u64(key, 1)
}

export function recordNumberIn(key: Uint8Array): number {
  return u32(key, 9)
}

export function activeRowOf(value: Uint8Array): ActiveRow {
  return {
    term: u64(value, ACTIVE.term),
    theme: u32(value, ACTIVE.theme),
    attempt: u32(value, ACTIVE.attempt),
    repeats: u32(value, ACTIVE.repeats),
    firstRecord: u32(value, ACTIVE.firstRecord),
  }
}

export function keptRowOf(key: Uint8Array, value: Uint8Array): KeptRow {
  const isDead = key[0] === TASK_TAG.dead
  return {
    state: isDead ? 'dead' : 'stored',
    theme: themeIn(key),
    dueSecond: isDead ? 0 : Number(u64(key, 5)),
    number: Number(u64(key, isDead ? 5 : 13)),
    index: u64(value, KEPT.index),
    term: u64(value, KEPT.term),
    attempt: u32(value, KEPT.attempt),
    repeats: u32(value, KEPT.repeats),
    firstRecord: u32(value, KEPT.firstRecord),
    nextRecord: u32(value, KEPT.nextRecord),
    recordBytes: Number(u64(value, KEPT.recordBytes)),
  }
}

export function placeRowOf(value: Uint8Array): PlaceRow {
  return {
    state: value[1] === 1 ? 'dead' : 'stored',
    theme: u32(value, 2),
    dueSecond: Number(u64(value, 6)),
    number: Number(u64(value, 14)),
  }
}

export function recordTextOf(value: Uint8Array): string {
  return Buffer.from(value.subarray(1)).toString()
}

/** The theme in the key of totals, of a stored task or of a dead one. */
export function themeIn(key: Uint8Array): number {
  return u32(key, 1)
}

/** What the row of a theme counts. */
export function totalsOf(
  key: Uint8Array,
  value: Uint8Array,
): { readonly theme: number; readonly stored: number; readonly dead: number } {
  return { theme: themeIn(key), stored: Number(u64(value, 1)), dead: Number(u64(value, 9)) }
}

function u32(bytes: Uint8Array, at: number): number {
  return viewOf(bytes).getUint32(at)
}

function u64(bytes: Uint8Array, at: number): bigint {
  return viewOf(bytes).getBigUint64(at)
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
