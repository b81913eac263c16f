/**
 * Opens each directory named on the input and prints what it holds, or the error: a damaged one may end the process.
 * A sign before the name says whether the store is checked when it is opened (!) or while it is used (~), or a cut of it is read (=).
 *
 * What it holds is read, something is written, and it is read again by another engine: damage may wait for a write to do its harm.
 */
import { createInterface } from 'node:readline'
import type { Engine } from '../../../src/engine.ts'
import { openFileCut, openFileEngine } from '../../../src/file/index.ts'
import type { FileEngineOptions } from '../../../src/file/index.ts'
import { content, contentOfCut } from './content.ts'

const VISITOR = Buffer.from('visitor')

let cuts = 0

const WHILE_USED = { inspected: { filePagesMax: 0, partitionPagesMax: 0 } }

for await (const line of createInterface({ input: process.stdin })) {
  const options = line.startsWith('~') ? WHILE_USED : {}
  const work = line.startsWith('=') ? readCut : attempt
  process.stdout.write(`${await work(line.slice(1), options)}\n`)
}

async function attempt(directory: string, options: FileEngineOptions): Promise<string> {
  try {
    const first = await within(directory, options, async (engine) => {
      const whole = await content(engine)
      await come(engine)
      return whole
    })
    const again = await within(directory, options, content)
    return first === again ? `content ${first}` : `content ${first}, then ${again}`
  } catch (error) {
    return inWords(error)
  }
}

/** Half of the cuts are checked while they are read. */
async function readCut(directory: string): Promise<string> {
  cuts += 1
  try {
    const cut = await openFileCut(directory, cuts % 2 === 0 ? WHILE_USED.inspected : undefined)
    try {
      return `content ${await contentOfCut(cut)}`
    } finally {
      await cut.close()
    }
  } catch (error) {
    return inWords(error)
  }
}

function inWords(error: unknown): string {
  const words = error instanceof Error ? `${error.name} ${error.message}` : String(error)
  return words.replaceAll('\n', ' ')
}

async function within(
  directory: string,
  options: FileEngineOptions,
  use: (engine: Engine) => Promise<string>,
): Promise<string> {
  const engine = await openFileEngine(directory, options)
  try {
    const found = await use(engine)
    await engine.inspected
    // Now everything has been checked; whoever is damaged says so.
    await content(engine)
    return found
  } finally {
    await engine.close()
  }
}

/** Writes and takes back, in every partition. */
async function come(engine: Engine): Promise<void> {
  for await (const name of engine.partitions('')) {
    const partition = await engine.claim(name, { id: 'reader', address: '' })
    await partition.commit([{ kind: 'put', key: VISITOR, value: Buffer.alloc(2000) }])
    await partition.commit([{ kind: 'delete', key: VISITOR }])
  }
}
