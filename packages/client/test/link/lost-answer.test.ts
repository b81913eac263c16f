/** A change whose answer is lost with its connection, and somebody else who comes in between. */
import { expect, test } from 'vitest'
import { NotFoundError } from '../../src/errors.ts'
import type { Session } from '../../src/session.ts'
import { Proxy } from '../../../../test/proxy.ts'
import { type ProtocolName, PROTOCOLS, served } from '../served.ts'

/** What `change` has done to a server when its answer was lost and somebody else came in between. */
async function lostAnswer(
  protocol: ProtocolName,
  change: (session: Session) => Promise<void>,
  between: (session: Session) => Promise<void>,
): Promise<string> {
  await using server = await served(protocol)
  await using proxy = await Proxy.open(server.port)
  await using here = await server.client(proxy.host).openSession(server.path)
  await using there = await server.client().openSession(server.path)
  await there.semaphore('data').create({ limit: 1, data: 'old' })
  proxy.stall('down')
  const changing = change(here)
  const was = there.semaphore('data')
  await expect.poll(async () => (await contentOf(was)) !== 'old').toBe(true)
  await between(there)
  proxy.reset()
  proxy.restore()
  await changing
  const content = await contentOf(was)
  return content
}

async function contentOf(semaphore: ReturnType<Session['semaphore']>): Promise<string> {
  try {
    return Buffer.from((await semaphore.describe()).data).toString()
  } catch (error) {
    if (error instanceof NotFoundError) return 'absent'
    throw error
  }
}

// guards: L1, L2
test.for(PROTOCOLS)(
  'an update whose answer was lost does not undo what came after it, over %s',
  async (protocol) => {
    const content = await lostAnswer(
      protocol,
      (session) => session.semaphore('data').update('mine'),
      (session) => session.semaphore('data').update('theirs'),
    )
    expect(content).toBe('theirs')
  },
)

// guards: L2
test.for(PROTOCOLS)(
  'a delete whose answer was lost does not delete what was made after it, over %s',
  async (protocol) => {
    const content = await lostAnswer(
      protocol,
      (session) => session.semaphore('data').delete(),
      (session) => session.semaphore('data').create({ limit: 1, data: 'made anew' }),
    )
    expect(content).toBe('made anew')
  },
)
