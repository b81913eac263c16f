/**
 * A client as a process of its own that asks for one small thing after the other: how it fares shows what a loaded server
 * has left for others.
 *
 * Usage: canary ADDRESS PATH TIMEOUT_MS
 * Says `answer MS` for each answered write, and `state STATE` when its session is not attached.
 */
import { connect } from 'tenure'

const PAUSE_MS = 10

const [address = '', path = '', timeout = ''] = process.argv.slice(2)

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

await using client = connect(address)
await using session = await client.openSession(path, { timeout: Number(timeout), createNode: true })

async function tellStates(): Promise<void> {
  for await (const state of session.states()) if (state !== 'attached') say(`state ${state}`)
}

async function sing(): Promise<void> {
  for (let number = 0; ; number += 1) {
    const askedAtMs = performance.now()
    await session.config('canary').publish(String(number))
    say(`answer ${(performance.now() - askedAtMs).toFixed(1)}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

await Promise.all([tellStates(), sing()])
