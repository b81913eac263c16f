/** Rows of a store as they were at one moment, wherever they are read. */
export interface Moment {
  /** Keys and sealed values from `first` to before `end`, ascending. */
  rows(
    first: Buffer,
    end: Buffer,
  ): Iterable<[Uint8Array, Uint8Array]> | AsyncIterable<[Uint8Array, Uint8Array]>
  /** Lets go of it. May be called again. */
  done(): void
}
