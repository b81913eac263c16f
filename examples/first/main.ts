/** The program of the README: several copies of it, and one of them works at a time. */
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from 'tenure'

await using client = connect(process.argv[2] ?? 'grpc://127.0.0.1:2136/local')
await using session = await client.openSession('/local/first', {
  createNode: true,
  timeout: 10_000,
})

console.log('waiting for the lock')
await using lock = await session.mutex('printer').lock()
console.log(`mine, token ${lock.token}`)

for (let page = 1; page <= 3; page += 1) {
  if (lock.signal.aborted) break // lost: somebody else may print by now
  console.log(`page ${page}`)
  await pause(200)
}
console.log('done')
