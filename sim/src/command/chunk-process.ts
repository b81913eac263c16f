/** A process that runs one chunk of seeds after another. */
import { run } from '../run.ts'
import type { Mark } from '../report/marks.ts'
import type { Chunk, ChunkReport } from './chunk.ts'

process.on('message', (chunk: Chunk) => {
  void work(chunk).then((report) => process.send?.(report))
})

async function work({ from, to }: Chunk): Promise<ChunkReport> {
  const marks = new Set<Mark>()
  let virtualMs = 0
  let unjudged = 0
  for (let seed = from; seed < to; seed += 1) {
    const report = await run(seed)
    virtualMs += report.virtualMs
    unjudged += report.unjudged
    for (const mark of report.marks) marks.add(mark)
    if (report.violation !== null) {
      const failure = { seed, violation: report.violation }
      return { seeds: seed - from + 1, virtualMs, unjudged, marks: [...marks], failure }
    }
  }
  return { seeds: to - from, virtualMs, unjudged, marks: [...marks], failure: null }
}
