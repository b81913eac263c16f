/** What a node in use and an idle session cost a server in memory: its anonymous pages before and after many of them have come. */
import { type Client, connect } from 'tenure'
import { memoryOf } from './machine/memory.ts'
import { ServerProcess } from './machine/server-process.ts'
import { serveAddress, serveCommand } from './subjects/tenure-server.ts'

export interface CostPlan {
  readonly nodes: number
  readonly sessions: number
}

/** So many are opened at the same time. */
const AT_ONCE = 64
/** Longer than the measurement. */
const SESSION = { timeout: 600_000, createNode: true } as const

/** @returns lines for people */
export async function measureCosts({ nodes, sessions }: CostPlan): Promise<string[]> {
  const ofNode = await bytesOf(nodes, (index) => `/local/costs/node-${index}`)
  const ofSession = await bytesOf(sessions, () => '/local/costs/one')
  return [
    `a node in use, with one session: ${ofNode} bytes of the server (${nodes} of them)`,
    `an idle session, all on one connection: ${ofSession} bytes of the server (${sessions} of them)`,
  ]
}

async function bytesOf(count: number, pathOf: (index: number) => string): Promise<number> {
  const { port, command } = await serveCommand(['--engine', 'memory:'])
  const server = await ServerProcess.start({ command, port, folder: process.cwd() })
  const client = connect(serveAddress(port), { protocol: 'tenure' })
  try {
    // What a first session loads is no cost of the others.
    await client.openSession('/local/costs/first', SESSION)
    const before = memoryOf(server.pid).anonymousBytes
    await openAll(client, count, pathOf)
    return Math.round((memoryOf(server.pid).anonymousBytes - before) / count)
  } finally {
    await client.close()
    await server.stop()
  }
}

async function openAll(
  client: Client,
  count: number,
  pathOf: (index: number) => string,
): Promise<void> {
  let next = 0
  const open = async (): Promise<void> => {
    while (next < count) await client.openSession(pathOf(next++), SESSION)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, open))
}
