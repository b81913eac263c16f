/** What programs write into records: each value once in a run. */
import type { Desk } from './program.ts'

/** Values of at most so many bytes always stay in memory. */
const SHORT_BYTES = 64
const LONG_BYTES = 200

/** A value that nobody else writes, at times too long to stay in a small memory. */
export function newValue(desk: Pick<Desk, 'writer' | 'world' | 'random'>): string {
  const value = `${desk.writer}:${desk.world.nextSerial()}`
  return desk.random.chance(0.5) ? value : value.padEnd(desk.random.whole(SHORT_BYTES, LONG_BYTES))
}

export function fencedValue(desk: Desk, token: bigint): string {
  return `${token}/${newValue(desk)}`
}

export function textOf(value: Uint8Array): string {
  return Buffer.from(value).toString()
}
