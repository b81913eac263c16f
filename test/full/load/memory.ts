/** What a server process takes, after its garbage was collected: asked by a signal, from outside the product. */
import type { ServerProcess } from '../../program.ts'

const PROBE = `
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { writeSync } from 'node:fs'
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
process.on('SIGUSR2', () => {
  collect()
  // Buffers are given back behind the first collection's back.
  setTimeout(() => {
    collect()
    writeSync(2, 'memory ' + JSON.stringify(process.memoryUsage()) + '\\n')
  }, 100)
})`

/** For the server's environment: with it the process can be asked. */
export const PROBED: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(PROBE)}`,
}

export interface Memory {
  readonly heapBytes: number
  /** Buffers, which are not on the heap. */
  readonly bufferBytes: number
  readonly residentBytes: number
}

/** @param server one that was started with PROBED */
export async function memoryOf({ program }: ServerProcess): Promise<Memory> {
  program.kill('SIGUSR2')
  const line = await program.says(/^memory /)
  const said: { heapUsed: number; external: number; rss: number } = JSON.parse(
    line.slice('memory '.length),
  )
  return { heapBytes: said.heapUsed, bufferBytes: said.external, residentBytes: said.rss }
}

/** What is in use. Resident memory also counts pages that are kept for later use. */
export function bytesOf({ heapBytes, bufferBytes }: Memory): number {
  return heapBytes + bufferBytes
}
