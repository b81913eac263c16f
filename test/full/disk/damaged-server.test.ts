/**
 * A real server on a damaged store: it serves all that clients know, or it does not start, or it refuses the node; in both cases with an
 * error that names the store and the remedy.
 *
 * guards: D5
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TenureError } from 'tenure'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { harms } from '../../../packages/engine/test/file/damages.ts'
import { scaled } from '../../scale.ts'
import { drawOf, freshSeed } from '../../seed.ts'
import { BuiltServer, NotServing } from '../../built-server.ts'
import { forgotten } from '../power/judge.ts'
import { Knowledge } from '../power/knowledge.ts'
import { Work } from '../power/work.ts'

const TIMES = scaled(3)
const ANSWERS = 1_500
const EXIT_DAMAGED = 65
const DATA_FILE = 'data.mdb'
const DAMAGED = /the store .* is damaged: .*Restore the directory from a backup/
/** A client gives up asking for a node that is refused. */
const REFUSED_AFTER_MS = 12_000

const root = mkdtempSync(join(tmpdir(), 'tenure-damaged-'))
const original = join(root, 'original')
const damaged = join(root, 'damaged')
const seed = freshSeed()
const draw = drawOf(seed)
let known: Knowledge
let bytes: Buffer

beforeAll(async () => {
  await using server = await BuiltServer.start(original)
  const knowledge = new Knowledge()
  await using work = new Work(server.address, knowledge)
  await work.goesOn(knowledge, ANSWERS)
  await server.end('SIGKILL')
  known = knowledge.frozen()
  bytes = readFileSync(join(original, DATA_FILE))
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** How a server fares with these data. */
async function fate(data: Buffer): Promise<'whole' | 'refused' | object> {
  rmSync(damaged, { recursive: true, force: true })
  cpSync(original, damaged, { recursive: true, filter: (path) => !path.includes('holder-') })
  writeFileSync(join(damaged, DATA_FILE), data)
  let server: BuiltServer
  try {
    server = await BuiltServer.start(damaged)
  } catch (error) {
    if (!(error instanceof NotServing)) throw error
    const isRefusal = error.exit.code === EXIT_DAMAGED && DAMAGED.test(error.message)
    return isRefusal ? 'refused' : { exit: error.exit, lines: error.lines }
  }
  await using serving = server
  try {
    const missing = await forgotten(serving.address, known)
    return missing.length === 0 ? 'whole' : { missing }
  } catch (error) {
    const isRefusal =
      error instanceof TenureError && serving.lines.some((line) => DAMAGED.test(line))
    return isRefusal ? 'refused' : { error, lines: serving.lines }
  }
}

test('a server on an undamaged store has everything', async () => {
  expect(await fate(bytes)).toBe('whole')
})

test.for(harms)(
  `each of ${TIMES} servers on a store $name serves everything or refuses`,
  { timeout: TIMES * REFUSED_AFTER_MS },
  async ({ harm }) => {
    for (let time = 0; time < TIMES; time += 1) {
      const found = await fate(harm(Buffer.from(bytes), draw))
      expect([
        { seed, time, found: 'whole' },
        { seed, time, found: 'refused' },
      ]).toContainEqual({
        seed,
        time,
        found,
      })
    }
  },
)
