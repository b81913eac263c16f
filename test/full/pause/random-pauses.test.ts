/**
 * Servers and clients that are stopped at random, one or all at a time, from a tenth of a second to three times the
 * session timeout.
 *
 * guards: X7, X2, S1, S4, X8
 */
import { setTimeout as pause } from 'node:timers/promises'
import { connect, FencedError, FencingGate } from 'tenure'
import { expect, test } from 'vitest'
import { Program, ServerProcess } from '../../program.ts'
import { scaled } from '../../scale.ts'
import { between, drawOf, freshSeed, oneOf } from '../../seed.ts'
import type { Draw } from '../../seed.ts'
import { contradictions } from './testimony.ts'

const SERVERS = 2
const CONTENDERS = 3
const PAUSES = 10
const TIMEOUT_MS = 1_000
const PATH = '/local/pauses'

/** Takes the writes of all contenders, as a resource that compares tokens. */
class Resource {
  readonly #gate = new FencingGate()
  readonly admitted: bigint[] = []
  refused = 0

  async write(token: bigint): Promise<void> {
    try {
      await this.#gate.run('resource', token, () => this.admitted.push(token))
    } catch (error) {
      if (!(error instanceof FencedError)) throw error
      this.refused += 1
    }
  }
}

/** Carries the writes of a contender to the resource, in the order in which they were said. */
async function carry(contender: Program, resource: Resource): Promise<void> {
  for (;;) {
    const line = await contender.says(/^write/).catch(() => null)
    if (line === null) return
    await resource.write(BigInt(line.slice('write '.length)))
  }
}

/** Stops some of the processes for a while, again and again. @returns what was done */
async function pauses(server: Program, clients: readonly Program[], draw: Draw): Promise<string[]> {
  const done: string[] = []
  for (let count = 0; count < scaled(PAUSES); count += 1) {
    const whom = oneOf(draw, ['a client', 'the server', 'both', 'all'])
    const lengthMs = between(draw, 100, 3 * TIMEOUT_MS)
    done.push(`${whom} for ${Math.round(lengthMs)} ms`)
    const chosen = whom === 'all' ? clients : [oneOf(draw, clients)]
    const stopped = [
      ...(whom === 'the server' ? [] : chosen),
      ...(whom === 'a client' ? [] : [server]),
    ]
    for (const program of stopped) program.kill('SIGSTOP')
    await pause(lengthMs)
    for (const program of stopped) program.kill('SIGCONT')
    await pause(between(draw, 0, TIMEOUT_MS / 2))
  }
  return done
}

/** Every contender has the lock once more. */
async function moveOn(contenders: readonly Program[]): Promise<void> {
  await Promise.all(
    contenders.map(async ({ lines, exit }) => {
      const seen = lines.length
      let isOver = false
      void exit.then(() => (isOver = true))
      while (!isOver && !lines.slice(seen).some((line) => line.startsWith('granted')))
        await pause(10)
    }),
  )
}

interface Verdict {
  readonly seed: number
  readonly done: readonly string[]
  readonly complaints: readonly string[]
  readonly wrong: readonly string[]
  /** Writes that a resource must not have taken. */
  readonly disorder: readonly bigint[]
}

async function run(seed: number): Promise<Verdict> {
  const draw = drawOf(seed)
  await using server = await ServerProcess.start()
  await using client = connect(server.address)
  await client.createNode(PATH)
  const words = [server.address, PATH, String(TIMEOUT_MS)]
  const contenders = Array.from(
    { length: CONTENDERS },
    () => new Program('test/full/pause/children/contender.ts', words),
  )
  const resource = new Resource()
  const carried = contenders.map((contender) => carry(contender, resource))
  let done: string[] = []
  try {
    await moveOn(contenders)
    done = await pauses(server.program, contenders, draw)
    await moveOn(contenders)
  } finally {
    for (const contender of contenders) await contender[Symbol.asyncDispose]()
    await Promise.all(carried)
  }
  const lines = contenders.flatMap((contender) => contender.lines)
  return {
    seed,
    done,
    complaints: lines.filter((line) => line.includes('Error')),
    wrong: contradictions(lines),
    disorder: resource.admitted.filter((token, at) => token < (resource.admitted[at - 1] ?? 0n)),
  }
}

test('whoever looks or calls after another was granted learns it, whatever was stopped for how long', async () => {
  const seed = freshSeed()
  const seeds = Array.from({ length: SERVERS }, (_, at) => seed + at)
  const verdicts = await Promise.all(seeds.map((each) => run(each)))
  for (const verdict of verdicts) {
    expect(verdict).toEqual({ ...verdict, complaints: [], wrong: [], disorder: [] })
  }
})

test('a look after a later grant is told from a look before it', () => {
  expect(contradictions(['granted 1 10', 'believed 1 20', 'granted 2 30', 'called 2 31'])).toEqual(
    [],
  )
  expect(contradictions(['granted 1 10', 'granted 2 30', 'believed 1 31'])).toHaveLength(1)
  expect(contradictions(['granted 1 10', 'granted 2 30', 'called 1 40'])).toHaveLength(1)
  expect(contradictions(['granted 1 10', 'granted 1 30'])).toHaveLength(1)
})
