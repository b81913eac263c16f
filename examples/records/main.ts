/** Records: keys with values and versions, read by ranges, changed by comparing, followed without a gap. */
import { connect, prefix, WrongVersionError } from 'tenure'

await using client = connect(process.argv[2] ?? 'memory:')
await client.createNode('/local/records')
const storage = client.storage('/local/records')

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

async function add(key: string, count: number): Promise<void> {
  for (;;) {
    const { value, version } = await storage.get(key)
    try {
      await storage.casByVersion({ key, value: String(Number(text(value)) + count), version })
      return
    } catch (error) {
      // Somebody else was faster: what was read is out of date.
      if (!(error instanceof WrongVersionError)) throw error
    }
  }
}

await storage.create({ key: 'stock/apple', value: '1' })
await storage.create({ key: 'stock/pear', value: '5' })
await Promise.all([add('stock/apple', 2), add('stock/apple', 3)])
for (const { key, value } of await storage.getRange(prefix('stock/'))) {
  console.log(`${String(key)}: ${text(value)}`)
}

// Both or neither: a transaction is one commit with one version.
const { version } = await storage.get('stock/pear')
const moved = await storage.transact({
  if: [{ key: 'stock/pear', version }],
  then: [
    { kind: 'put', key: 'sold/pear', value: '5' },
    { kind: 'delete', key: 'stock/pear' },
  ],
})
console.log(`moved: ${moved.succeeded}`)

// A watch begins with what is there. Kept versions let it go on later, in another process too.
let seen = 0n
for await (const batch of storage.watch(prefix('stock/'))) {
  seen = batch.version
  if (batch.kind !== 'changes') console.log(`${batch.records.length} in stock`)
  break
}
await storage.put({ key: 'stock/plum', value: '9' })
for await (const batch of storage.watch(prefix('stock/'), { fromVersion: seen })) {
  if (batch.kind !== 'changes') break
  for (const change of batch.changes) {
    const key = change.kind === 'put' ? change.record.key : change.key
    console.log(`${change.kind} ${String(key)}`)
  }
  break
}
