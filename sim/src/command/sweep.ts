/** Runs many seeds and says how it went. */
import { UNJUDGED_SHARE_MAX } from '../judge/limits.ts'
import { MARKS } from '../report/marks.ts'
import { runRange } from './range.ts'

export interface SweepOptions {
  readonly from: number
  readonly seeds: number
  /** Whether each situation of the list must have come about. */
  readonly wantsMarks: boolean
}

/** @returns whether it went well */
export async function sweep({ from, seeds, wantsMarks }: SweepOptions): Promise<boolean> {
  const startedMs = performance.now()
  const showProgress = progressLine(seeds)
  const report = await runRange({ from, seeds, progress: showProgress })
  if (process.stderr.isTTY) process.stderr.write('\n')
  const hours = (report.virtualMs / 3_600_000).toFixed(1)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
  console.log(`${report.seeds} seeds from ${from}, ${hours} h of virtual time in ${seconds} s`)
  if (report.failure !== null) {
    const { seed, violation } = report.failure
    console.log(`seed ${seed}: ${violation.promise} is broken: ${violation.text}`)
    console.log(`see it again: npm run sim -- --seed ${seed}`)
    return false
  }
  const unjudgedShare = report.unjudged / report.seeds
  console.log(`${report.unjudged} histories were too hard to judge`)
  const missing = MARKS.filter((mark) => !report.marks.includes(mark))
  console.log(`${report.marks.length} of ${MARKS.length} situations were reached`)
  for (const mark of missing) console.log(`never reached: ${mark}`)
  return !wantsMarks || (missing.length === 0 && unjudgedShare <= UNJUDGED_SHARE_MAX)
}

function progressLine(seeds: number): (done: { readonly seeds: number }) => void {
  if (!process.stderr.isTTY) return () => {}
  return (done) => process.stderr.write(`\r${done.seeds} of ${seeds} seeds`)
}
