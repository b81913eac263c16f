/** One leader among candidates; everybody sees who it is and what it says. */
import { connect } from 'tenure'

await using client = connect(process.argv[2] ?? 'memory:')
await using alice = await client.openSession('/local/election', { createNode: true })
await using bob = await client.openSession('/local/election', { createNode: true })
await using witness = await client.openSession('/local/election', { createNode: true })

const text = (data: Uint8Array): string => new TextDecoder().decode(data)

const leadership = await alice.election('scheduler').campaign('alice at 10.0.0.1')
// Bob stands in line meanwhile.
const bobLeads = bob.election('scheduler').campaign('bob at 10.0.0.2')

let seen = 0
for await (const { leader } of witness.election('scheduler').observe()) {
  if (leader === null) continue
  console.log(`term ${leader.term}: ${text(leader.data)}`)
  seen += 1
  if (seen === 1) await leadership.proclaim('alice, busy')
  // Resigning hands over to the next in line at once.
  if (seen === 2) await leadership.resign()
  if (seen === 3) break
}

await using succession = await bobLeads
console.log(`alice leads: ${!leadership.signal.aborted}, bob leads: ${!succession.signal.aborted}`)
