/** How many rounds of the child `ring` are there: the latest. */
export const ROUNDS_KEPT = 300
