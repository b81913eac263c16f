/** Fills the small file system at the given path through an engine, makes room, and prints what happened. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openFileEngine } from '../../../src/file/index.ts'

const root = String(process.argv[2])
const engine = await openFileEngine(join(root, 'store'), { blockingMaxMs: Number(process.argv[3]) })
const partition = await engine.claim('p', { id: 'filler', address: '' })
const ballast = join(root, 'ballast')
writeFileSync(ballast, Buffer.alloc(1 << 20))

let written = 0
async function commit(): Promise<string> {
  const key = Buffer.from(`${written}`)
  try {
    await partition.commit([{ kind: 'put', key, value: Buffer.alloc(50_000, 1) }])
    written += 1
    return 'written'
  } catch (error) {
    return error instanceof Error ? error.name : String(error)
  }
}

let outcome = 'written'
while (outcome === 'written') outcome = await commit()
const lines = [outcome, await commit()]
lines.push(`first ${(await partition.get(Buffer.from('0')))?.length}`)
lines.push(`refused ${(await partition.get(Buffer.from(`${written}`)))?.length}`)
rmSync(ballast)
lines.push(await commit())
await engine.close()
const again = await openFileEngine(join(root, 'store'))
const reread = await again.claim('p', { id: 'reader', address: '' })
let rows = 0
for await (const _ of reread.scan({ start: new Uint8Array(), end: Buffer.of(255) })) rows += 1
lines.push(rows === written ? 'whole' : `${rows} of ${written}`)
await again.close()
process.stdout.write(`${lines.join(', ')}\n`)
