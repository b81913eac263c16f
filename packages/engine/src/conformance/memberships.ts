/** Which servers use the store. */
import { deepEqual, ok, rejects } from 'node:assert/strict'
import type { Engine, Membership, OwnerInfo } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { LATER, OWNER } from './entries.ts'

const NOTICE_MS = 1_000

type Reopen = ((engine: Engine) => Promise<Engine>) | null

export const membershipTests: Record<string, (engine: Engine, reopen: Reopen) => Promise<void>> = {
  'who is announced is seen at once and after each change': async (engine) => {
    const members = membersOf(engine)
    const over = new AbortController()
    const seen = members.watch(over.signal)[Symbol.asyncIterator]()
    deepEqual(await next(seen), [])
    const first = await members.join(OWNER, NOTICE_MS)
    deepEqual(await next(seen), [OWNER.id])
    const second = await members.join(LATER, NOTICE_MS)
    deepEqual(await next(seen), [OWNER.id, LATER.id])
    const late = members.watch(over.signal)[Symbol.asyncIterator]()
    deepEqual(await next(late), [OWNER.id, LATER.id])
    await first.leave()
    deepEqual(await next(seen), [LATER.id])
    deepEqual(await next(late), [LATER.id])
    await second.leave()
    deepEqual(await next(seen), [])
    over.abort()
    ok((await seen.next()).done)
    ok((await late.next()).done)
  },

  'where a server can be reached is told': async (engine) => {
    const members = membersOf(engine)
    const announced = await members.join(LATER, NOTICE_MS)
    const over = new AbortController()
    for await (const servers of members.watch(over.signal)) {
      deepEqual(servers, [LATER])
      over.abort()
    }
    await announced.leave()
  },

  'who is silent is seen no more, and who is not stays': async (engine, reopen) => {
    if (reopen === null) return
    const members = membersOf(engine)
    await members.join(OWNER, NOTICE_MS)
    await engine.close()
    const other = await reopen(engine)
    try {
      const announced = await membersOf(other).join(LATER, NOTICE_MS)
      const over = new AbortController()
      const seen = membersOf(other).watch(over.signal)[Symbol.asyncIterator]()
      let ids = await next(seen)
      ok(ids.includes(LATER.id))
      while (ids.includes(OWNER.id)) ids = await next(seen)
      deepEqual(ids, [LATER.id])
      over.abort()
      await announced.leave()
    } finally {
      await other.close()
    }
  },

  'a watch ends with its engine': async (engine) => {
    const members = membersOf(engine)
    const seen = members.watch(new AbortController().signal)[Symbol.asyncIterator]()
    await next(seen)
    const following = seen.next()
    await engine.close()
    await rejects(following, EngineError)
    await rejects(members.join(OWNER, NOTICE_MS), EngineError)
  },
}

function membersOf({ members, name }: Engine): Membership {
  if (members === undefined) throw new TypeError(`${name} has no members`)
  return members
}

/** The ids of those who are there, ascending. */
async function next(seen: AsyncIterator<readonly OwnerInfo[]>): Promise<string[]> {
  const { value, done } = await seen.next()
  if (done === true) throw new Error('the watch ended')
  return value.map(({ id }) => id).toSorted()
}
