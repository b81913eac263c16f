/**
 * A client as a process of its own, for a test that stops it: takes one lock in turn with its like, and says all it does.
 *
 * Usage: contender ADDRESS PATH TIMEOUT_MS
 * Says, with times in nanoseconds of the machine's monotonic clock:
 *   granted TOKEN AT        the lock was granted, and is believed in
 *   believed TOKEN AT       a look at the lease's signal, begun at AT, found it held
 *   called TOKEN AT         a call on the lease, begun at AT, has succeeded
 *   write TOKEN             what a resource would be sent
 *   lost                    the session was lost, a new one follows
 */
import { connect, TenureError } from 'tenure'
import type { Client, Lease } from 'tenure'

const ACTS = 5
const ACT_MS = 4

const [address = '', path = '', timeout = ''] = process.argv.slice(2)

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const nowNs = (): bigint => process.hrtime.bigint()

async function act(lease: Lease): Promise<void> {
  const lookedAt = nowNs()
  if (lease.signal.aborted) return
  say(`believed ${lease.token} ${lookedAt}`)
  say(`write ${lease.token}`)
  const calledAt = nowNs()
  await lease.update(String(calledAt))
  say(`called ${lease.token} ${calledAt}`)
  await new Promise((resolve) => setTimeout(resolve, ACT_MS))
}

async function live(client: Client): Promise<void> {
  const options = { timeout: Number(timeout), createNode: true }
  await using session = await client.openSession(path, options)
  for (;;) {
    await using lease = await session.mutex('lock').lock()
    const grantedAt = nowNs()
    if (!lease.signal.aborted) say(`granted ${lease.token} ${grantedAt}`)
    for (let count = 0; count < ACTS; count += 1) await act(lease)
  }
}

await using client = connect(address)
for (;;) {
  try {
    await live(client)
  } catch (error) {
    if (!(error instanceof TenureError && error.retryable)) throw error
    say('lost')
  }
}
