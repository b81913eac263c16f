/** One value that many follow: each reader gets the present one, then every change. */
import { connect } from 'tenure'

await using client = connect(process.argv[2] ?? 'memory:')
await using session = await client.openSession('/local/config', { createNode: true })
const config = session.config('colours')

const values = ['red', 'red, green', 'red, green, blue']

async function follow(name: string): Promise<void> {
  await using own = await client.openSession('/local/config', { createNode: true })
  // Waits quietly as long as nothing is published. A slow reader may miss values in between, never the last one.
  for await (const value of own.config('colours').watch()) {
    const colours = new TextDecoder().decode(value)
    console.log(`${name} sees ${colours}`)
    if (colours === values.at(-1)) return
  }
}

const followers = [follow('first'), follow('second')]
for (const value of values) await config.publish(value)
await Promise.all(followers)
