/**
 * A disk that fails under a server at work: nothing is acknowledged that is not on disk. The server goes on where it knows what is
 * on disk; else it ends with an error, and the next one, on the same disk or on what a power loss leaves of it, has all that
 * was acknowledged.
 *
 * guards: D1, D2, D3, D4, L3
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'tenure'
import { expect, test } from 'vitest'
import type { TestContext } from 'vitest'
import { lacks } from '../../needs.ts'
import { scaled } from '../../scale.ts'
import { drawOf, freshSeed } from '../../seed.ts'
import { BuiltServer } from '../../built-server.ts'
import type { Exit } from '../../built-server.ts'
import { EXT4, Image } from '../power/image.ts'
import { Knowledge } from '../power/knowledge.ts'
import { forgottenOn, storeOn } from '../power/power-loss.ts'
import { PATH, Work } from '../power/work.ts'
import { canHurt, doubtful, fatal, hurting, passing, syncsAfterFailure, wasHurt } from './faults.ts'
import type { Fault } from './faults.ts'

const TIMES = scaled(1)
const DISK_FAILED: Exit = { code: 74, signal: null }
/** Calls of one thread before the fault befalls one of them. The journal makes few, and on a slow disk from several threads. */
const CALLS_MAX = 12
/** Every fault has come by then, often. */
const ANSWERS = 600

/** A store with a node in it, made by a server in peace. */
async function prepare(folder: string): Promise<void> {
  await using server = await BuiltServer.start(folder)
  await using client = connect(server.address)
  await client.createNode(PATH, {})
  await server.end('SIGTERM')
}

/** Runs a server at work into one fault. */
async function runInto(
  fault: Fault,
  { first, image, log }: { first: number; image: Image; log: string },
): Promise<{ exit: Exit | 'serves'; known: Knowledge; lines: readonly string[] }> {
  const knowledge = new Knowledge()
  await using server = await BuiltServer.start(storeOn(image), {
    under: hurting(fault, first, log),
  })
  await using work = new Work(server.address, knowledge)
  const exit = await Promise.race([
    server.exit,
    work.goesOn(knowledge, ANSWERS).then(() => 'serves' as const),
  ])
  await server.end('SIGKILL')
  // Its last words have come with its end; nobody else answers.
  return { exit, known: knowledge.frozen(), lines: server.lines }
}

/** Does `work` with a fresh file system, a number of calls before the fault, and a file for what strace sees. */
async function repeatedly(
  context: TestContext,
  work: (round: { image: Image; first: number; log: string; what: object }) => Promise<void>,
): Promise<void> {
  if (!canHurt()) lacks(context, 'strace')
  const seed = freshSeed()
  const draw = drawOf(seed)
  const logs = mkdtempSync(join(tmpdir(), 'tenure-strace-'))
  try {
    for (let time = 0; time < TIMES; time += 1) {
      using image = Image.make(EXT4) ?? lacks(context, 'loop')
      await prepare(storeOn(image))
      const first = 1 + Math.floor(draw() * CALLS_MAX)
      await work({ image, first, log: join(logs, `${time}`), what: { seed, time, first } })
    }
  } finally {
    rmSync(logs, { recursive: true, force: true })
  }
}

/** What is not known any more on the same disk, and on what a power loss leaves of it. */
async function lostOn(image: Image, known: Knowledge): Promise<string[]> {
  using copy = image.copy()
  return [...(await forgottenOn(copy, known)), ...(await forgottenOn(image, known))]
}

test.for(fatal)('after $name the server ends, and has lost nothing', async (fault, context) => {
  await repeatedly(context, async ({ image, first, log, what }) => {
    const { exit, known, lines } = await runInto(fault, { first, image, log })
    expect({ what, exit }).toEqual({ what, exit: DISK_FAILED })
    expect(lines.at(-1)).toMatch(/^tenure: the store .* failed: .*; the server has ended/)
    expect({ what, again: syncsAfterFailure(log) }).toEqual({ what, again: 0 })
    expect({ what, lost: await lostOn(image, known) }).toEqual({ what, lost: [] })
  })
})

test.for(passing)(
  'after $name the server goes on, and has lost nothing',
  async (fault, context) => {
    await repeatedly(context, async ({ image, first, log, what }) => {
      const { exit, known } = await runInto(fault, { first, image, log })
      expect({ what, exit }).toEqual({ what, exit: 'serves' })
      expect({ what, hurt: wasHurt(log) }).toEqual({ what, hurt: true })
      expect({ what, lost: await lostOn(image, known) }).toEqual({ what, lost: [] })
    })
  },
)

test.for(doubtful)('after $name the server knows what is kept', async (fault, context) => {
  await repeatedly(context, async ({ image, first, log, what }) => {
    const { exit, known } = await runInto(fault, { first, image, log })
    expect([
      { what, exit: 'serves' },
      { what, exit: DISK_FAILED },
    ]).toContainEqual({ what, exit })
    expect({ what, lost: await lostOn(image, known) }).toEqual({ what, lost: [] })
  })
})
