/** What programs take units of. */

/** What is asked for: one semaphore, and how much of it there is. */
export interface Lockable {
  readonly name: string
  readonly limit: bigint
}
