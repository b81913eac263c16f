/**
 * What a kernel is told of the world around it: the time of day, and chance.
 *
 * Both come in from outside before each step, so that the same steps give the same state.
 */

const STEP_OF_CHANCE = 0x9e37_79b9

export class Outside {
  /** Milliseconds since 1970. */
  wallMs = 0
  #chance = 0

  set(wallMs: number, chance: number): void {
    this.wallMs = wallMs
    this.#chance = chance | 0
  }

  /** Evenly from 0 to `most`; every call of one step gives another. */
  draw(most: number): number {
    if (most === 0) return 0
    this.#chance = (this.#chance + STEP_OF_CHANCE) | 0
    return Math.floor((mixed(this.#chance) / 0x1_0000_0000) * (most + 1))
  }
}

/** 32 bits in which each bit depends on all of `value`. */
function mixed(value: number): number {
  let bits = value
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
