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

/** A new store; keeps nothing unless `TENURE_TEST_ENGINE` says otherwise. */
export async function openNewEngine(): Promise<Engine> {
  const address = newEngineAddress('memory:')
  if (address === 'memory:') return openMemoryEngine()
  const { openEngine, parseEngine } = await import('../packages/tenure/src/engine-url.ts')
  return openEngine(parseEngine(address))
}
