/** Times are multiples of this, and no two deadlines are equal. */
export const GRAIN_MS = 50
