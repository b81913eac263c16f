/** A counting semaphore: six downloads, of which a big one takes two of three slots. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'tenure'

await using client = connect(process.argv[2] ?? 'memory:')

let used = 0

async function download(file: string, slots: number): Promise<void> {
  await using session = await client.openSession('/local/semaphore', { createNode: true })
  // With a limit the semaphore is made by whoever comes first.
  const semaphore = session.semaphore('slots', { limit: 3 })
  await using lease = await semaphore.acquire({ count: slots, data: file })
  used += slots
  console.log(`${file} takes ${lease.count}, ${used} of 3 in use`)
  await sleep(5)
  used -= slots
}

await Promise.all([
  download('a.txt', 1),
  download('film.mkv', 2),
  download('b.txt', 1),
  download('c.txt', 1),
  download('song.flac', 2),
  download('d.txt', 1),
])
console.log('all done')
