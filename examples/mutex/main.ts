/** One at a time: three tasks add to a number that is read and written in two steps, and no step is lost. */
import { setImmediate } from 'node:timers/promises'
import { connect } from 'tenure'

await using client = connect(process.argv[2] ?? 'memory:')
await using session = await client.openSession('/local/mutex', { createNode: true })

let balance = 0

async function deposit(amount: number): Promise<void> {
  await using lock = await session.mutex('balance').lock()
  const before = balance
  await setImmediate()
  balance = before + amount
  console.log(`token ${lock.token}: ${before} + ${amount} = ${balance}`)
}

await Promise.all([deposit(10), deposit(20), deposit(30)])
console.log(`balance ${balance}`)

// When it is busy, tryLock says so at once.
await using first = await session.mutex('balance').tryLock()
await using second = await session.mutex('balance').tryLock()
console.log(first === null ? 'busy' : 'locked', second === null ? 'busy' : 'locked')
