/**
 * The night tier: the storm on seeds nobody has seen, and the full tier with several times its counts, in turn until the time is
 * over. What is under way then is finished. Ends with the first failure, which names its seed.
 *
 *   npm run test:night -- --hours 8
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

/** Seeds of one turn of the storm. */
const SEEDS = 20_000
/** Above all seeds of the other tiers. */
const FIRST_SEED = 1_000_000
const LAST_SEED = 2_000_000_000
/** How many times the counts of the full tier. */
const SCALE = 3

const { values } = parseArgs({ options: { hours: { type: 'string', default: '8' } } })
const hours = Number(values.hours)
if (!(hours > 0)) throw new RangeError(`--hours wants a number above 0, got "${values.hours}"`)
const endMs = performance.now() + hours * 3_600_000

function run(title, words, environment = {}) {
  console.log(`== ${title}`)
  const env = { ...process.env, ...environment }
  const { status } = spawnSync(process.execPath, words, { stdio: 'inherit', env })
  if (status !== 0) process.exit(status ?? 1)
}

let turns = 0
while (performance.now() < endMs) {
  turns += 1
  const from = FIRST_SEED + Math.floor(Math.random() * (LAST_SEED - FIRST_SEED))
  const sim = ['--import', 'tsx', '--conditions=@tenure/source', 'sim/src/main.ts']
  run(`storm from seed ${from}`, [...sim, '--from', String(from), '--seeds', String(SEEDS)])
  if (performance.now() >= endMs) break
  run('full tier', ['scripts/full.mjs'], { TENURE_TEST_SCALE: String(SCALE) })
}
console.log(`${turns} turns in ${hours} h, all went well`)
