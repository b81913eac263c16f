/**
 * A client as a process of its own, for a test that sets its wall clock or stops it: holds a lock in one session for as long
 * as it runs, and hands another lock round with its like.
 *
 * Usage: guest ADDRESS PATH TIMEOUT_MS NAME
 * Says `attached`, then `wall <ms since 1970>` and `round <token>` for each round, and `state <state>` when its session's
 * state changes.
 */
import { connect } from 'tenure'

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const [address = '', path = '', timeout = '', name = ''] = process.argv.slice(2)

await using client = connect(address)
await using session = await client.openSession(path, { timeout: Number(timeout), createNode: true })
await using held = await session.mutex(`held by ${name}`).lock()
say('attached')

async function tellStates(): Promise<void> {
  for await (const state of session.states()) if (state !== 'attached') say(`state ${state}`)
}

async function goRound(): Promise<void> {
  for (;;) {
    await using lease = await session.mutex('round').lock()
    // The lease of a healthy session lives as long as that session, whatever the wall clock says.
    if (held.signal.aborted || lease.signal.aborted) say('state lost')
    say(`wall ${Date.now()}`)
    say(`round ${lease.token}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

await Promise.all([tellStates(), goRound()])
