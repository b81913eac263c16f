/** Opens each directory named on the input and prints what it holds, or the error: a damaged one may end the process. */
import { createInterface } from 'node:readline'
import { openFileEngine } from '../../../src/file/index.ts'
import { content } from './content.ts'

for await (const directory of createInterface({ input: process.stdin })) {
  process.stdout.write(`${await attempt(directory)}\n`)
}

async function attempt(directory: string): Promise<string> {
  try {
    const engine = await openFileEngine(directory)
    try {
      return `content ${await content(engine)}`
    } finally {
      await engine.close()
    }
  } catch (error) {
    return error instanceof Error ? `${error.name} ${error.message}` : String(error)
  }
}
