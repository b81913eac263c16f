/** A store as its process left it when it was killed, as files in memory, and what is found in it. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DamagedError } from '../../../src/errors.ts'
import { openFileEngine } from '../../../src/file/index.ts'
import { content } from '../children/content.ts'

/** Whether it outlives a power loss is no question here, and memory is faster. */
const MEMORY = '/dev/shm'

export type Files = Readonly<Record<string, Buffer>>

export function newFolder(): string {
  return mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'tenure-journal-'))
}

/** What would be there if the process died now. Nobody writes meanwhile. */
export function filesOf(directory: string): Files {
  const names = readdirSync(directory).filter(
    (name) => !name.startsWith('holder-') && name !== 'data.mdb-lock',
  )
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name))]))
}

/** Whether two commits that follow each other are in the journal alone. */
export function isSameData(one: Files, other: Files): boolean {
  return one['data.mdb']?.equals(other['data.mdb'] ?? Buffer.alloc(0)) ?? false
}

/** A digest of what is found by the next process; null when it refuses the store. Whoever comes after it finds the same. */
export async function foundIn(files: Files): Promise<string | null> {
  const folder = newFolder()
  const directory = join(folder, 'store')
  try {
    mkdirSync(directory)
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes)
    const first = await read(directory)
    const again = first === null ? null : await read(directory)
    if (first !== again) throw new Error(`found ${first}, then ${again}`)
    return first
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The same, when the process that opens it first is killed as soon as it has it. */
export async function foundAfterTwoDeaths(files: Files): Promise<string | null> {
  const folder = newFolder()
  const directory = join(folder, 'store')
  try {
    mkdirSync(directory)
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes)
    const engine = await openFileEngine(directory)
    const copy = join(folder, 'copy')
    cpSync(directory, copy, { recursive: true, filter: (path) => !path.includes('holder-') })
    await engine.close()
    return await read(copy)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function read(directory: string): Promise<string | null> {
  try {
    const engine = await openFileEngine(directory)
    try {
      return await content(engine)
    } finally {
      await engine.close()
    }
  } catch (error) {
    if (error instanceof DamagedError) return null
    throw error
  }
}
