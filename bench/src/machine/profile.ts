/**
 * Profiles of all Node processes of a measurement: `BENCH_PROFILE=folder` makes them write theirs there, or whoever measures says so.
 */

let into = process.env['BENCH_PROFILE'] ?? null

/** @param folder where processes that are started from now on write their profiles; null: they write none */
export function profileInto(folder: string | null): void {
  into = folder
}

/** @returns Node's arguments; none when nothing is to be profiled */
export function profiling(name: string): string[] {
  if (into === null) return []
  return ['--cpu-prof', `--cpu-prof-dir=${into}`, `--cpu-prof-name=${name}.cpuprofile`]
}
