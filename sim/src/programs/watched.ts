/** What programs watch: a configuration, a registry, an election. */
import type { Endpoint, Session } from '@tenure/client'
import type { Watched } from './watcher.ts'

/** Stands for a configuration that nobody has published. */
const NOTHING = 'nothing'

export function watchedConfig(name: string): Watched {
  return {
    name,
    before: NOTHING,
    async *watch(session, signal) {
      for await (const value of session.config(name).watch(signal)) yield text(value)
    },
    async read(session) {
      const value = await session.config(name).get()
      return value === null ? NOTHING : text(value)
    },
  }
}

export function watchedRegistry(name: string): Watched {
  return {
    name,
    before: NOTHING,
    async *watch(session, signal) {
      for await (const entries of session.registry(name).watch(signal)) yield list(entries)
    },
    async read(session) {
      for await (const entries of session.registry(name).watch()) return list(entries)
      throw new Error('the watch of a registry has ended')
    },
  }
}

export function watchedElection(name: string): Watched {
  return {
    name,
    before: NOTHING,
    async *watch(session, signal) {
      for await (const { leader } of session.election(name).observe(signal)) {
        yield leader === null ? 'nobody' : text(leader.data)
      }
    },
    async read(session: Session) {
      const leader = await session.election(name).leader()
      return leader === null ? 'nobody' : text(leader.data)
    },
  }
}

function list(entries: readonly Endpoint[]): string {
  return entries.map(({ data }) => text(data)).join(' ')
}

function text(data: Uint8Array): string {
  return Buffer.from(data).toString()
}
