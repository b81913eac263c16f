/** What an acquire gives: units of a semaphore, held until they are given back or the session ends. */
import type { Bytes } from './bytes.ts'

export interface Lease extends AsyncDisposable {
  /** The semaphore's name. */
  readonly name: string
  readonly count: bigint
  /** The fencing token: every later grant of the same name has a greater one, across restarts. */
  readonly token: bigint
  /** The owner data as last written through this lease. */
  readonly data: Uint8Array
  readonly signal: AbortSignal
  release(signal?: AbortSignal): Promise<void>
  update(data: Bytes, signal?: AbortSignal): Promise<void>
  downgrade(count: number | bigint, signal?: AbortSignal): Promise<void>
}
