/** Record leases: records that live as long as the program that has made them, and a wait for their end. */
import { connect } from 'tenure'

await using server = connect(process.argv[2] ?? 'memory:')
await server.createNode('/local/leases')
const storage = server.storage('/local/leases')

// A program that offers a service, and says so as long as it lives.
const worker = connect(process.argv[2] ?? 'memory:')
const own = worker.storage('/local/leases')
const lease = await own.lessor.newLease(5_000, { keepAlive: true })
await own.create({ key: 'worker/1', value: '10.0.0.1:80', lease })
await own.create({ key: 'load/1', value: 'low', lease })

const found = await storage.get('worker/1')
console.log(`worker/1 is at ${new TextDecoder().decode(found.value)}`)

// All records of a lease end in one commit: with its release, with its client, or at most its ttl after its client has died.
const gone = storage.waitForVersionChange('worker/1', found.version)
await worker.close()
console.log(`worker/1 is gone: ${(await gone) === null}`)
console.log(`left: ${(await storage.getRange('a', 'z')).length}`)
console.log(`the lease is over: ${lease.signal.aborted}`)

// A lease that nobody keeps alive runs down by itself. Whoever knows its id can see how long it has, or end it.
const brief = await storage.lessor.newLease(200)
await storage.create({ key: 'note', value: 'soon gone', lease: brief })
const { version } = await storage.get('note')
const seen = await storage.lessor.getLease(brief.id)
console.log(`it has time left: ${seen.ttl > 0}`)
await storage.waitForVersionChange('note', version)
console.log('the note is gone')
