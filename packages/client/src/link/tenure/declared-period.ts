/**
 * How often a server expects to hear a client, as it was told. What was told last may not have reached it, so what it was told before
 * counts, too.
 */
export class DeclaredPeriod {
  #declaredMs = Infinity
  #beforeMs = Infinity
  #sinceMs = 0

  /** @returns whether that is new */
  declare(periodMs: number, nowMs: number): boolean {
    if (periodMs === this.#declaredMs) return false
    this.#beforeMs = this.#declaredMs
    this.#declaredMs = periodMs
    this.#sinceMs = nowMs
    return true
  }

  /** As it was told at this time or later; Infinity when it was told nothing. */
  expectedMs(toldAtMs: number): number {
    const isLatest = toldAtMs >= this.#sinceMs
    return isLatest ? this.#declaredMs : Math.min(this.#declaredMs, this.#beforeMs)
  }
}
