/** Who offers a service, as a list that keeps itself up to date. */
import { connect } from 'tenure'

await using client = connect(process.argv[2] ?? 'memory:')
await using session = await client.openSession('/local/registry', { createNode: true })

const text = (data: Uint8Array): string => new TextDecoder().decode(data)

let step = 0
const servers: (AsyncDisposable | undefined)[] = []

/** A server that is in the registry for as long as its session lives. */
async function start(address: string): Promise<void> {
  const own = await client.openSession('/local/registry', { createNode: true })
  await own.registry('web').register(address)
  servers.push(own)
}

// Watching begins before anybody is there: the first list is empty.
for await (const endpoints of session.registry('web').watch()) {
  console.log(`[${endpoints.map(({ data }) => text(data)).join(', ')}]`)
  step += 1
  if (step === 1) await start('10.0.0.1:80')
  if (step === 2) await start('10.0.0.2:80')
  // The end of its session takes the first one off the list.
  if (step === 3) await servers[0]?.[Symbol.asyncDispose]()
  if (step === 4) break
}
await servers[1]?.[Symbol.asyncDispose]()
