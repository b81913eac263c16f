/** One leader among candidates; everybody sees who it is and what it says. */
import { connect, ElectionWatcher } from 'tenure'

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

// The same as an operation: it runs only while its session leads, and the leadership is kept until it has settled.
const janitor = witness.election('janitor', { self: 'the witness' })
const watcher = new ElectionWatcher(janitor)
const swept = await janitor.run(async (signal) => {
  for await (const { state } of watcher.notify()) if (state === 'leader') break
  let rooms = 0
  while (rooms < 3 && !signal.aborted) rooms += 1
  return rooms
})
for await (const state of watcher.notify()) {
  if (state.leader !== null) continue
  console.log(`${swept} rooms swept; ${state.toString()}`)
  break
}
