/**
 * The engine over which the suites of clients run where they need a server: memory or files, or what `TENURE_TEST_ENGINE` says, an address in which
 * `{name}` stands for a name that each store has for itself: `etcd://127.0.0.1:2379/test/{name}`.
 */
import { randomUUID } from 'node:crypto'
import type { Engine } from '@tenure/engine'
import { openMemoryEngine } from '@tenure/engine/memory'

/** The address of a new store. */
export function newEngineAddress(otherwise: string): string {
  const wanted = process.env['TENURE_TEST_ENGINE']
  return wanted?.replaceAll('{name}', `s${randomUUID().replaceAll('-', '')}`) ?? otherwise
}

/** A new store, opened so many times; keeps nothing unless `TENURE_TEST_ENGINE` says otherwise. Only one that `TENURE_TEST_ENGINE` names can be opened more than once. */
export async function openNewEngines(count: number): Promise<Engine[]> {
  const address = newEngineAddress('memory:')
  if (address !== 'memory:') return openEngines(address, count)
  if (count !== 1) throw new RangeError('several servers need TENURE_TEST_ENGINE')
  return [openMemoryEngine()]
}

async function openEngines(address: string, count: number): Promise<Engine[]> {
  const { openEngine, parseEngine } = await import('../packages/tenure/src/engine-url.ts')
  const engines: Engine[] = []
  while (engines.length < count) engines.push(await openEngine(parseEngine(address)))
  return engines
}

/** The same store for each who asks; none when `TENURE_TEST_ENGINE` names none. */
export function sharedEngine(): (() => Promise<Engine>) | null {
  const address = newEngineAddress('memory:')
  if (address === 'memory:') return null
  return async () => {
    const [engine] = await openEngines(address, 1)
    if (engine === undefined) throw new Error('no engine was opened')
    return engine
  }
}
