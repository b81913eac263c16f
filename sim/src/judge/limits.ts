/** Bounds of what a judge spends on one run. */

/** Steps of a search for an order; a history that needs more is not judged, and counted. */
export const STEPS_MAX = 100_000

/** Histories that are not judged, of all seeds: a storm that judges less judges nothing. */
export const UNJUDGED_SHARE_MAX = 0.01

/** Clocks of two processes differ: of a time that one measures so much has certainly passed for the other. */
export const CLOCK_SHARE = 0.975
