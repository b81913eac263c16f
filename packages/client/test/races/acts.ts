/** What a program does in a race: each act begins at a moment of the scheduler's and goes its own way. */
import { boolean, constantFrom, nat, record } from 'fast-check'
import type { Arbitrary } from 'fast-check'
import type { Lease } from '../../src/lease.ts'
import { Barrier } from '../../src/recipes/barrier.ts'
import type { Session } from '../../src/session.ts'
import { ENOUGH, PATH, type Theatre } from './theatre.ts'

export interface Act {
  readonly kind: keyof typeof ACTS
  /** Picks a session, or what else there are several of. */
  readonly which: number
  /** Gives up at some moment. */
  readonly aborts: boolean
  /** Does at the end what can be done at once: twice, or while something is under way. */
  readonly hurries: boolean
  /** Begins in the very moment in which the client hears of something. */
  readonly atOnce: boolean
}

type Play = (theatre: Theatre, act: Act) => Promise<unknown>

const WHOLE = { count: Infinity, ephemeral: true } as const
const always = (): boolean => true

/** Holds for a while and gives back, in one of the ways there are. */
async function hold(
  theatre: Theatre,
  lease: Pick<Lease, 'name' | 'token' | 'signal' | 'release'> & AsyncDisposable,
  { which, hurries }: Act,
): Promise<void> {
  theatre.enter(lease, always)
  if (which % 3 === 0) {
    // Kept until the session ends.
    return
  }
  await theatre.moment()
  const released = lease.release(which % 3 === 1 ? theatre.signal(hurries) : undefined)
  if (hurries) await Promise.all([released, lease[Symbol.asyncDispose](), lease.release()])
  else await released
}

/** Reads until it ends; ends it while an answer may be on its way. */
async function read<T>(theatre: Theatre, items: AsyncIterable<T>, { hurries }: Act): Promise<void> {
  let seen = 0
  for await (const _item of items) {
    seen += 1
    await theatre.moment()
    if (hurries && seen === 2) break
  }
}

function sessionOf({ sessions }: Theatre, { which }: Act): Session | null {
  return sessions[which % Math.max(1, sessions.length)] ?? null
}

/** An act of one session. */
function inSession(play: (theatre: Theatre, session: Session, act: Act) => Promise<unknown>): Play {
  return async (theatre, act) => {
    const session = sessionOf(theatre, act)
    if (session !== null) await play(theatre, session, act)
  }
}

export const ACTS = {
  'open a session': async (theatre, act) => {
    const options = { timeout: 5_000, closeTimeout: 1_000, startTimeout: 3_000 }
    const { client } = theatre
    const session = await client.openSession(PATH, options, theatre.signal(act.aborts))
    theatre.sessions.push(session)
  },
  lock: inSession(async (theatre, session, act) => {
    const lock = await session.mutex('mutex').lock(theatre.signal(act.aborts))
    await hold(theatre, lock, act)
  }),
  'lock, within a time': inSession(async (theatre, session, act) => {
    const options = { ...WHOLE, timeout: 40 * act.which }
    const lock = await session.semaphore('mutex').acquire(options, theatre.signal(act.aborts))
    await hold(theatre, lock, act)
  }),
  'try to lock': inSession(async (theatre, session, act) => {
    const lock = await session.mutex('mutex').tryLock(theatre.signal(act.aborts))
    if (lock !== null) await hold(theatre, lock, act)
  }),
  'take one': inSession(async (theatre, session, act) => {
    const pool = session.semaphore('pool', { limit: 2 })
    const lease = await pool.acquire({ timeout: 2_000 }, theatre.signal(act.aborts))
    theatre.holdings.push(lease)
    // The signal makes a persistent one listen for its deletion.
    void lease.signal
    await lease.update('x', theatre.signal(act.hurries))
    await lease.release()
  }),
  'delete by force': inSession(async (theatre, session, act) => {
    await session.semaphore('pool').delete({ force: true }, theatre.signal(act.aborts))
  }),
  watch: inSession(async (theatre, session, act) => {
    const signal = theatre.signal(act.aborts)
    const options = { owners: true, waiters: act.which % 2 === 0, absent: 'wait' } as const
    await read(theatre, session.semaphore('mutex').watch(options, signal), act)
  }),
  'watch closely': inSession(async (theatre, session, act) => {
    const name = act.which % 2 === 0 ? 'mutex' : 'pool'
    const watch = session.semaphore(name).watch({ absent: 'wait' }, theatre.signal(false))
    await theatre.follow(name, watch)
  }),
  'return while waiting': inSession(async (theatre, session, act) => {
    const watch = session.semaphore('pool').watch({ absent: 'wait' }, theatre.signal(act.aborts))
    const iterator = watch[Symbol.asyncIterator]()
    const both = Promise.allSettled([iterator.next(), iterator.next()])
    await theatre.moment()
    await iterator.return?.()
    await both
  }),
  campaign: inSession(async (theatre, session, act) => {
    const election = session.election('election')
    const leadership = await election.campaign('me', theatre.signal(act.aborts))
    const { token, signal } = leadership
    theatre.enter({ name: 'election', token, signal }, always)
    await leadership.proclaim('still me', theatre.signal(act.hurries))
    await Promise.all([leadership.resign(), leadership[Symbol.asyncDispose]()])
  }),
  observe: inSession(async (theatre, session, act) => {
    await read(theatre, session.election('election').observe(theatre.signal(act.aborts)), act)
  }),
  register: inSession(async (theatre, session, act) => {
    const entry = await session.registry('registry').register('me', theatre.signal(act.aborts))
    theatre.ends.push(() => entry.release())
    await theatre.moment()
    const updated = entry.update('x', theatre.signal(act.hurries))
    if (!act.hurries) await updated
    await Promise.all([updated, entry.release()])
  }),
  'follow the registry': inSession(async (theatre, session, act) => {
    await read(theatre, session.registry('registry').watch(theatre.signal(act.aborts)), act)
  }),
  publish: inSession(async (theatre, session, act) => {
    await session.config('config').publish(`${act.which}`, theatre.signal(act.aborts))
  }),
  'follow the config': inSession(async (theatre, session, act) => {
    await read(theatre, session.config('config').watch(theatre.signal(act.aborts)), act)
  }),
  'follow the states': inSession(async (theatre, session, act) => {
    await read(theatre, session.states(theatre.signal(act.aborts)), act)
  }),
  'read together': inSession(async (theatre, session, act) => {
    const rwlock = session.rwlock('rwlock')
    const signal = theatre.signal(act.aborts)
    const lock = await (act.hurries ? rwlock.tryRead(signal) : rwlock.read(signal))
    if (lock === null) return
    theatre.share(lock.signal, false)
    await theatre.moment()
    await lock.release()
  }),
  'write, then read': inSession(async (theatre, session, act) => {
    const rwlock = session.rwlock('rwlock')
    const signal = theatre.signal(act.aborts)
    const lock = await (act.which % 3 === 0 ? rwlock.tryWrite(signal) : rwlock.write(signal))
    if (lock === null) return
    const access = theatre.share(lock.signal, true)
    await theatre.moment()
    try {
      // Who asks for it does not write any more.
      access.writes = false
      await lock.downgrade(theatre.signal(act.hurries))
      await theatre.moment()
    } finally {
      await lock.release()
    }
  }),
  'meet at a barrier': inSession(async (theatre, session, act) => {
    const barrier = new Barrier(session.semaphore('barrier', { limit: 2 }), 2)
    const place = await barrier.arrive(theatre.signal(act.aborts))
    await theatre.moment()
    await place.release()
  }),
  'sessions without end': async (theatre, act) => {
    const options = { timeout: 5_000, closeTimeout: 1_000, startTimeout: 3_000 }
    let seen = 0
    for await (const session of theatre.client.sessions(
      PATH,
      options,
      theatre.signal(act.aborts),
    )) {
      seen += 1
      theatre.sessions.push(session)
      await theatre.moment()
      if (act.hurries && seen === 2) break
      if (act.which % 2 === 0) await session.close()
      if (seen === 3) break
    }
  },
  'close a session': inSession(async (_theatre, session, act) => {
    if (act.hurries) await Promise.all([session.close(), session[Symbol.asyncDispose]()])
    else await session.close()
  }),
  'work in a session': async (theatre, act) => {
    const options = { timeout: 5_000, closeTimeout: 1_000 }
    const signal = theatre.signal(act.aborts)
    const work = async (session: Session): Promise<void> => {
      await hold(theatre, await session.mutex('mutex').lock(signal), act)
      if (act.hurries) throw ENOUGH
    }
    await theatre.client.withSession(PATH, work, options, signal)
  },
  'cut the cable': (theatre) => {
    theatre.network.cut()
    return Promise.resolve()
  },
  'be out of reach': async (theatre) => {
    theatre.network.isDown = true
    theatre.network.cut()
    await theatre.moment()
    theatre.network.isDown = false
  },
  'fall silent': async (theatre) => {
    theatre.network.isDown = true
    theatre.network.cut()
    await theatre.clock.advance(6_000)
    theatre.network.isDown = false
  },
  'commit slowly': async (theatre) => {
    theatre.engine.holding = true
    await theatre.moment()
    theatre.engine.letAll()
  },
  'fail to commit': async (theatre, act) => {
    theatre.engine.moods.push(act.hurries ? 'fails-before' : 'fails-after')
    return Promise.resolve()
  },
  'let time pass': async (theatre, act) => {
    await theatre.clock.advance(25 * act.which)
  },
  'close the client': (theatre, act) => {
    // Seldom: nothing happens after it.
    return act.which === 0 ? theatre.client.close() : Promise.resolve()
  },
} satisfies Record<string, Play>

export const act: Arbitrary<Act> = record({
  kind: constantFrom(...Object.keys(ACTS).filter(isKind)),
  which: nat(11),
  aborts: nat(3).map((value) => value === 0),
  hurries: boolean(),
  atOnce: nat(2).map((value) => value === 0),
})

function isKind(name: string): name is Act['kind'] {
  return name in ACTS
}
