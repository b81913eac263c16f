/**
 * Several copies of a service, of which one at a time does the work. Start it in two terminals:
 *
 *   node examples/dist/lock/main.js --ydb grpc://localhost:2136/local --path /local/test --semaphore lock
 *
 * Stop the one that works, by Ctrl-C or by kill -9: the other takes over. Restart the server: nothing is lost.
 *
 * Strictly speaking this is a lease, not a lock: a holder that the machine puts to sleep may wake up and act once more
 * before it sees that its time is over. What must never happen twice has to check the token: see ../fencing.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connect } from 'tenure'

const { values: flags } = parseArgs({
  // `-ydb` is as good as `--ydb`.
  args: process.argv.slice(2).map((word) => word.replace(/^-(?=\w\w)/, '--')),
  options: {
    ydb: { type: 'string', default: 'grpc://localhost:2136/local' },
    path: { type: 'string', default: '/local/test' },
    semaphore: { type: 'string', default: 'lock' },
    timeout: { type: 'string', default: '5000' },
  },
})

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

await using client = connect(flags.ydb)

while (!stop.signal.aborted) {
  try {
    await holdOnce(stop.signal)
  } catch (error) {
    if (stop.signal.aborted) break
    say(`failed: ${messageOf(error)}`)
    await sleep(200, undefined, { signal: stop.signal }).catch(() => {})
  }
}
say('stopped')

/** Waits for the lock, then works until the lock is lost or the program has to end. */
async function holdOnce(signal: AbortSignal): Promise<void> {
  say('waiting')
  await using session = await client.openSession(
    flags.path,
    { timeout: Number(flags.timeout), createNode: true },
    signal,
  )
  const semaphore = session.semaphore(flags.semaphore)
  await using lease = await semaphore.acquire({ count: Infinity, ephemeral: true }, signal)
  say(`acquired token ${lease.token}`)

  await work(AbortSignal.any([lease.signal, signal]))

  if (signal.aborted) {
    await lease.release()
    say('released')
  } else {
    say(`lost: ${messageOf(lease.signal.reason)}`)
  }
}

async function work(signal: AbortSignal): Promise<void> {
  for (let step = 1; !signal.aborted; step += 1) {
    say(`working, step ${step}`)
    await sleep(500, undefined, { signal }).catch(() => {})
  }
}

function say(text: string): void {
  console.log(`${new Date().toISOString()} ${text}`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
