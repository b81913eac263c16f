/**
 * A client that falls asleep at the worst moment: after it has looked at its lease, before it writes.
 *
 * Usage: sleeper ADDRESS PATH TIMEOUT_MS stop|block FILE
 * `stop` stops the process; `block` keeps it busy until FILE exists, as a long computation does.
 * Says `granted TOKEN`, `sleeping`, `write TOKEN`, then for each call that it makes when awake `NAME CODE`, CODE being that of
 * the error or `success`, and at last `again TOKEN` for the lock in a new session.
 */
import { existsSync } from 'node:fs'
import { connect, TenureError } from 'tenure'

const [address = '', path = '', timeout = '', manner = '', file = ''] = process.argv.slice(2)

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function sleep(): void {
  if (manner === 'stop') process.kill(process.pid, 'SIGSTOP')
  else while (!existsSync(file));
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'success'
  } catch (error) {
    if (error instanceof TenureError) return error.code
    throw error
  }
}

const options = { timeout: Number(timeout), createNode: true }
await using client = connect(address)
await using session = await client.openSession(path, options)
const lease = await session.mutex('lock').lock()
say(`granted ${lease.token}`)
say(`write ${lease.token}`)

const believed = !lease.signal.aborted
say('sleeping')
sleep()
if (believed) say(`write ${lease.token}`)

// All begun before anything else has its turn: neither a timer nor a message from the server has told of the loss.
const calls = {
  update: lease.update('awake'),
  describe: session.semaphore('lock').describe({ owners: true }),
  tryLock: session.mutex('other').tryLock(),
  publish: session.config('board').publish('awake'),
  watch: session.config('board').watch().next(),
}
say(`signals ${lease.signal.aborted && session.signal.aborted ? 'aborted' : 'silent'}`)
for (const [name, call] of Object.entries(calls)) say(`${name} ${await codeOf(call)}`)
say(`release ${await codeOf(lease.release())}`)

await using fresh = await client.openSession(path, options)
await using again = await fresh.mutex('lock').lock()
say(`again ${again.token}`)
