/**
 * What has to be kept: changes of ordered byte keys, applied in order, as one.
 */

export interface Put {
  readonly kind: 'put'
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface Delete {
  readonly kind: 'delete'
  readonly key: Uint8Array
}

/** Deletes every key from `start` (inclusive) to `end` (exclusive). */
export interface DeleteRange {
  readonly kind: 'delete-range'
  readonly start: Uint8Array
  readonly end: Uint8Array
}

export type Write = Put | Delete | DeleteRange

export type WriteSet = readonly Write[]

export type Entry = readonly [key: Uint8Array, value: Uint8Array]
