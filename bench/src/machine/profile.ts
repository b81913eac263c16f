/**
 * `BENCH_PROFILE=folder` makes every Node process of a measurement write its CPU profile there.
 */

/** @returns Node's arguments; none when nothing is to be profiled */
export function profiling(name: string): string[] {
  const folder = process.env['BENCH_PROFILE']
  if (folder === undefined) return []
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}.cpuprofile`]
}
