/** A verdict for people: where the search got stuck, and what it looked like there. */
import type { Verdict } from './history.ts'

/** Of a long order only so many of its last operations are shown. */
export const PLACED_SHOWN_MAX = 20

export function explain(verdict: Verdict): string {
  if (verdict.kind === 'linearizable') return 'linearizable'
  if (verdict.kind === 'unknown') return `unknown: given up after ${verdict.steps} steps`
  const { placed, state, stuckAt } = verdict.impasse
  const hidden = Math.max(0, placed.length - PLACED_SHOWN_MAX)
  return [
    `not linearizable: of the operations that were answered, the longest possible order ends after ${placed.length}`,
    ...(hidden === 0 ? [] : [`  … ${hidden} before`]),
    ...placed.slice(hidden).map((line, at) => `  ${hidden + at + 1}. ${line}`),
    `then the object is: ${state}`,
    'and none of these can come next, the first of which had to:',
    ...stuckAt.map((line) => `  - ${line}`),
  ].join('\n')
}
