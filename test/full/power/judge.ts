/** Asks a server whether it still knows all that clients know. */
import type { Session } from 'tenure'
import { NotFoundError, connect } from 'tenure'
import type { Knowledge } from './knowledge.ts'
import { visit } from './visit.ts'
import { PATH, dataOf } from './work.ts'

const text = (data: Uint8Array | null): string => new TextDecoder().decode(data ?? new Uint8Array())

/** @returns what the server has forgotten, in words; nothing when all is there */
export async function forgotten(address: string, knowledge: Knowledge): Promise<string[]> {
  await using client = connect(address)
  await using session = await client.openSession(PATH)
  const lists = await Promise.all([
    numbers(session, knowledge),
    things(session, knowledge),
    holders(session, knowledge),
  ])
  // Last, because from then on the sessions belong to the judge.
  return [...lists.flat(), ...(await sessions(address, knowledge))]
}

/** What only grows: the counter, the numbers of sessions, the tokens. */
async function numbers(session: Session, knowledge: Knowledge): Promise<string[]> {
  const counter = Number(text(await session.config('counter').get()))
  await using probe = await session.mutex('probe').lock()
  const found: string[] = []
  if (counter < knowledge.counter) found.push(`counter ${counter}, known ${knowledge.counter}`)
  if (session.id <= knowledge.sessionId) {
    found.push(`new session ${session.id}, known ${knowledge.sessionId}`)
  }
  if (probe.token <= knowledge.token) {
    found.push(`new token ${probe.token}, known ${knowledge.token}`)
  }
  return found
}

async function things(session: Session, { made, gone }: Knowledge): Promise<string[]> {
  const dataIn = async (name: string): Promise<string | null> => {
    try {
      return text((await session.semaphore(name).describe()).data)
    } catch (error) {
      if (error instanceof NotFoundError) return null
      throw error
    }
  }
  const there = [...made].map(async (name) => {
    const data = await dataIn(name)
    return data === dataOf(name) ? [] : [`semaphore ${name}: ${data === null ? 'gone' : 'changed'}`]
  })
  const absent = gone.map(async (name) =>
    (await dataIn(name)) === null ? [] : [`semaphore ${name}: deleted, and there again`],
  )
  return (await Promise.all([...there, ...absent])).flat()
}

async function holders(session: Session, { held }: Knowledge): Promise<string[]> {
  const looks = held.map(async ({ name, sessionId, token }) => {
    const { owners } = await session.semaphore(name).describe({ owners: true })
    const [owner] = owners
    const same = owner?.sessionId === sessionId && owner.orderId === token
    return same ? [] : [`lock ${name}: owned by ${owner?.sessionId}, known ${sessionId}`]
  })
  return (await Promise.all(looks)).flat()
}

async function sessions(address: string, { held, ended }: Knowledge): Promise<string[]> {
  const alive = held.map(async (claim) => {
    const { end } = await visit(address, { ...claim, path: PATH }, 'leave')
    return end === 'left' ? [] : [`session ${claim.sessionId}: lost, ${end}`]
  })
  const dead = ended.map(async (claim) => {
    const { end } = await visit(address, { ...claim, path: PATH }, 'leave')
    return end === 'refused' ? [] : [`session ${claim.sessionId}: ended, and there again, ${end}`]
  })
  return (await Promise.all([...alive, ...dead])).flat()
}
