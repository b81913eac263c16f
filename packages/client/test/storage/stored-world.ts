/** Where tests of records run: every link whose server has them. */
import type { Storage } from 'tenure'
import { openWorld, type World, type WorldKind } from '../worlds.ts'

export const RECORD_WORLDS = ['in process'] as const satisfies readonly WorldKind[]

export interface StoredWorld extends World {
  readonly storage: Storage
}

export async function storedWorld(kind: WorldKind): Promise<StoredWorld> {
  const world = await openWorld(kind)
  return { ...world, storage: world.client.storage(world.path) }
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
