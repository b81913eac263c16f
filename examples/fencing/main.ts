/**
 * What a lock cannot do, and what can: a holder sleeps past its lease and writes late. The resource refuses it, because it
 * has seen a greater token.
 */
import { FencedError, FencingGate, connect } from 'tenure'

/** The thing that must not be written to by two: it compares tokens at its door. */
class Ledger {
  readonly lines: string[] = []
  readonly #gate = new FencingGate()

  async write(token: bigint, line: string): Promise<void> {
    await this.#gate.run('ledger', token, () => {
      this.lines.push(line)
    })
  }
}

await using client = connect(process.argv[2] ?? 'memory:')
const ledger = new Ledger()

const sleeper = await client.openSession('/local/fencing', { createNode: true })
const stale = await sleeper.mutex('ledger').lock()
await ledger.write(stale.token, 'first, by the sleeper')

// It loses the lock here and, being asleep, does not notice. Another takes over.
await sleeper.close()
await using session = await client.openSession('/local/fencing', { createNode: true })
await using lock = await session.mutex('ledger').lock()
console.log(`the new holder's token is greater: ${lock.token > stale.token}`)
await ledger.write(lock.token, 'second, by the new holder')

try {
  await ledger.write(stale.token, 'third, by the sleeper who wakes up')
} catch (error) {
  if (!(error instanceof FencedError)) throw error
  console.log(`refused: ${error.message}`)
}
console.log(ledger.lines.join('; '))
