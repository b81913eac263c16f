/** The command in several shells at once, on one directory and without a server. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'tenure'
import { afterAll, expect, test } from 'vitest'
import { Program } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenure-shells-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const ADDRESS = `file:${folder}/data`

/** `tenure lock printer` around a script, in a shell that names the directory. */
function lock(script: string): Program {
  const environment = { TENURE_CONNECTION_STRING: ADDRESS, FOLDER: folder }
  const words = ['lock', 'printer', '--', 'sh', '-c', script]
  return new Program('packages/tenure/dist/main.js', words, { environment })
}

async function tokenOf(program: Program): Promise<bigint> {
  return BigInt((await program.says(/^token \d+$/)).replace('token ', ''))
}

/** Resolves when so many wait. */
async function waiting(count: number): Promise<void> {
  await using client = connect(ADDRESS)
  await using session = await client.openSession('/local/tenure')
  const watch = session.semaphore('printer').watch({ owners: true, waiters: true })
  for await (const { waiters } of watch) if (waiters.length === count) return
}

const SAY = 'echo "token $TENURE_LOCK_TOKEN"'
const SAY_AND_STAY = `${SAY}; while [ ! -e $FOLDER/go ]; do sleep 0.05; done`

// guards: X1, X2, S1
test('two shells exclude each other on a directory, also when the one whose process is the host ends', async () => {
  await using first = lock(SAY_AND_STAY)
  const firstToken = await tokenOf(first)
  await using second = lock(SAY)
  await using third = lock(SAY)
  await waiting(2)
  writeFileSync(join(folder, 'go'), '')
  expect(await first.exit).toMatchObject({ code: 0 })
  const [secondToken, thirdToken] = await Promise.all([tokenOf(second), tokenOf(third)])
  expect(secondToken).toBeGreaterThan(firstToken)
  expect(thirdToken).toBeGreaterThan(firstToken)
  expect(secondToken).not.toBe(thirdToken)
  expect(await second.exit).toMatchObject({ code: 0 })
  expect(await third.exit).toMatchObject({ code: 0 })
}, 120_000)
