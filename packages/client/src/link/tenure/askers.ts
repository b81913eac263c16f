/** Who waits for what is said to the requests of a connection's sessions, by the ids of these. */
import type { Reply, WatchShown } from '@tenure/protocol'
import { IdMap } from '../../id-map.ts'
import { descriptionOf } from '../description.ts'
import type { SessionAsker } from './tenant.ts'

export class Askers extends IdMap<SessionAsker> {
  /** @returns false when nobody has asked so */
  answered(id: number, reply: Reply): boolean {
    const asker = this.get(id)
    if (asker === undefined) return false
    if (!asker.hear(reply)) this.delete(id)
    return true
  }

  /** A state for many watches is understood once. */
  shown({ ids, description }: WatchShown): void {
    const state = description && descriptionOf(description)
    for (const id of ids) this.get(id)?.shown(state)
  }
}
