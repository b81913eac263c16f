/** Nobody goes on until everybody has come: the slowest of three decides when the race begins. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Barrier, connect } from 'tenure'

const PARTIES = 3

await using client = connect(process.argv[2] ?? 'memory:')

async function runner(name: string, dressingMs: number): Promise<void> {
  await using session = await client.openSession('/local/barrier', { createNode: true })
  await sleep(dressingMs)
  console.log(`${name} is at the start`)
  const start = new Barrier(session.semaphore('start', { limit: PARTIES }), PARTIES)
  await using _place = await start.arrive()
  console.log(`${name} runs`)
}

await Promise.all([runner('Anna', 1), runner('Boris', 20), runner('Clara', 10)])
