/** Bounds of what a judge spends on one run. */

/** Steps of a search for an order; a history that needs more is not judged, and counted. */
export const STEPS_MAX = 100_000
