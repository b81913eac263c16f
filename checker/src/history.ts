/**
 * What was recorded of one object: who asked for what, when, and what came back.
 *
 * Times are of any clock that all recorders share; only their order counts. One operation comes before another when it returned
 * at a smaller time than the other was called at; at equal times the two are concurrent, so a recorder that can count its
 * entries should count, and not look at a coarse clock.
 */

export interface Operation<I, O> {
  /** Who asked, for messages. */
  readonly actor: string
  readonly input: I
  /** null when no answer came: it happened once between `calledAt` and `returnedAt`, or never. */
  readonly output: O | null
  readonly calledAt: number
  /** Infinity when no answer came and nothing says until when it can have happened. */
  readonly returnedAt: number
}

/** An object as it should be. A state is never changed: `step` gives a new one. */
export interface Model<S, I, O> {
  readonly initial: S
  /**
   * What the object may have become by this operation.
   *
   * @param output null when no answer came: every answer is possible
   * @returns the next states; none when the object could not have answered so
   */
  step(state: S, input: I, output: O | null): readonly S[]
  /**
   * Whether such an answer tells of the state and changes nothing, whatever the state is. The search does not look for a later place
   * for it when it fits now.
   */
  isSight?(input: I, output: O): boolean
  /** Equal for equal states, and for those only; people read it where a search got stuck. */
  keyOf(state: S): string
  /** For people. */
  describe(input: I, output: O | null): string
}

/** Where a search got stuck: the longest order of operations that was possible, and what could not follow it. */
export interface Impasse {
  readonly placed: readonly string[]
  readonly state: string
  /** Each answered operation that was open then and could not come next; the first had to be over before any other was called. */
  readonly stuckAt: readonly string[]
}

export type Verdict =
  | { readonly kind: 'linearizable' }
  | { readonly kind: 'violation'; readonly impasse: Impasse }
  /** The search was given up after so many steps. */
  | { readonly kind: 'unknown'; readonly steps: number }
