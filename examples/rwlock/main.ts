/** Readers together, writers alone. */
import { connect } from 'tenure'

await using client = connect(process.argv[2] ?? 'memory:')
await using session = await client.openSession('/local/rwlock', { createNode: true })
await using other = await client.openSession('/local/rwlock', { createNode: true })

const catalogue = new Map([['apple', 1]])

const read = await session.rwlock('catalogue').read()
const alsoRead = await other.rwlock('catalogue').read()
console.log(`two readers: apple costs ${catalogue.get('apple')}`)

// The writer waits in line behind both of them.
const writing = other.rwlock('catalogue').write()
await read.release()
await alsoRead.release()

await using write = await writing
catalogue.set('apple', 2)
console.log(`the writer alone, token ${write.token}: apple costs ${catalogue.get('apple')}`)
