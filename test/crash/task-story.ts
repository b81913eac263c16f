/**
 * What all processes have told of one task, and whether that could have happened.
 *
 * Their lines come in any order; the moments in them, on the machine's one clock, give the order. A call took effect at some moment between
 * its beginning and its answer, one without an answer later or never.
 */

export interface Told {
  /** `o a s d` before a call, `O A S D` after it; `h` a hand-out, `x` the end of belief in it. */
  readonly event: string
  readonly atNs: bigint
  readonly attempt: number
  /** The record of an append, the records of a hand-out. */
  readonly words: string
  /** Of the process. */
  readonly teller: number
}

export class TaskStory {
  readonly id: string
  readonly #told: Told[] = []
  latestNs = 0n

  constructor(id: string) {
    this.id = id
  }

  tell(told: Told): void {
    this.#told.push(told)
    if (told.atNs > this.latestNs) this.latestNs = told.atNs
  }

  /** Somebody was told that the task is finished. */
  get isFinished(): boolean {
    return this.#told.some(({ event }) => event === 'D')
  }

  /** Somebody has asked to finish it. */
  get mayBeFinished(): boolean {
    return this.#told.some(({ event }) => event === 'd')
  }

  /** @param deaths when each process died that was killed */
  breaches(deaths: ReadonlyMap<number, bigint>): string[] {
    const told = this.#told.toSorted((left, right) => (left.atNs < right.atNs ? -1 : 1))
    return [...this.#ofHandOuts(told, deaths), ...this.#ofRecords(told), ...this.#ofEnd(told)]
  }

  /** guards: J3 */
  #ofHandOuts(told: readonly Told[], deaths: ReadonlyMap<number, bigint>): string[] {
    const breaches: string[] = []
    let [attempt, untilNs] = [0, 0n]
    for (const handOut of told.filter(({ event }) => event === 'h')) {
      if (handOut.attempt <= attempt) {
        breaches.push(`${this.id}: attempt ${handOut.attempt} after attempt ${attempt}`)
      }
      if (handOut.atNs < untilNs) {
        breaches.push(`${this.id}: attempt ${handOut.attempt} began before ${attempt} had ended`)
      }
      attempt = handOut.attempt
      untilNs = endOf(handOut, told, deaths)
    }
    return breaches
  }

  /** guards: J1, J5 */
  #ofRecords(told: readonly Told[]): string[] {
    const breaches: string[] = []
    /** In order; those that were not acknowledged may be missing. */
    let expected: { readonly record: string; isSure: boolean }[] = []
    // Who opened it may have died before he could tell.
    let isKnown = false
    for (const { event, attempt, words } of told) {
      if (event === 'o') {
        expected.push({ record: words, isSure: true })
        isKnown = true
      } else if (event === 'a') expected.push({ record: words, isSure: false })
      else if (event === 'A') {
        const appended = expected.find(({ record }) => record === words)
        if (appended !== undefined) appended.isSure = true
      } else if (event === 'h') {
        const records = words === '' ? [] : words.split(',')
        if (isKnown && !couldBe(records, expected)) {
          const should = expected.map(({ record, isSure }) => (isSure ? record : `(${record})`))
          breaches.push(`${this.id}: attempt ${attempt} got ${words}, not ${should.join(',')}`)
        }
        expected = records.map((record) => ({ record, isSure: true }))
        isKnown = true
      }
    }
    return breaches
  }

  /** guards: J2 */
  #ofEnd(told: readonly Told[]): string[] {
    const finished = told.find(({ event }) => event === 'D')
    if (finished === undefined) return []
    return told
      .filter(({ event, atNs }) => event === 'h' && atNs > finished.atNs)
      .map(({ attempt }) => `${this.id}: attempt ${attempt} after it was finished`)
  }
}

/** When whoever had the task has ended: himself, by losing faith, or by his death. */
function endOf(handOut: Told, told: readonly Told[], deaths: ReadonlyMap<number, bigint>): bigint {
  const ends = told.filter(
    ({ event, attempt }) => attempt === handOut.attempt && 'xDS'.includes(event),
  )
  const first = ends[0]?.atNs
  const death = deaths.get(handOut.teller)
  if (first === undefined) return death ?? handOut.atNs
  return death === undefined || first < death ? first : death
}

function couldBe(
  records: readonly string[],
  expected: readonly { readonly record: string; readonly isSure: boolean }[],
): boolean {
  let at = 0
  for (const { record, isSure } of expected) {
    if (records[at] === record) at += 1
    else if (isSure) return false
  }
  return at === records.length
}
