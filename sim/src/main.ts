/** The command: replays one seed, or runs a range of them. */
import { run } from './run.ts'

const seed = Number(process.argv[3])
const { lines, ...report } = await run(seed, { keepsTrace: true })
for (const { atMs, party, text } of lines) console.log(atMs.toFixed(1), party, text)
console.log(report)
