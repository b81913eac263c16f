/** Begins to read a cut of a store, says so, and stays with it until it is killed. */
import { openFileCut } from '../../../src/file/index.ts'

const cut = await openFileCut(String(process.argv[2]))
for await (const { name } of cut.partitions()) {
  process.stdout.write(`cut ${name}\n`)
  await new Promise<void>((resolve) => process.stdin.on('end', resolve).resume())
}
