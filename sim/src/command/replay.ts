/** Runs one seed again and shows all of it. */
import { tableOf } from '../report/table.ts'
import { run } from '../run.ts'

/** @returns whether it went well */
export async function replay(seed: number): Promise<boolean> {
  const { lines, violation, hash, virtualMs, marks } = await run(seed, { keepsTrace: true })
  console.log(tableOf(lines))
  console.log()
  console.log(`seed ${seed}: ${(virtualMs / 1000).toFixed(1)} s of virtual time, trace ${hash}`)
  console.log(`situations: ${marks.join(', ')}`)
  if (violation === null) console.log('no promise was broken')
  else
    console.log(`${violation.promise} is broken at ${violation.atMs.toFixed(1)}: ${violation.text}`)
  return violation === null
}
