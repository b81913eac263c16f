/** What everybody in a run shares: programs, clients, servers and the storm. */
import type { Ground } from './judge/ground.ts'
import type { Judge } from './judge/judge.ts'
import type { WallClock } from './machine/clocks.ts'
import type { Storage } from './machine/storage.ts'
import type { Network } from './network/network.ts'
import type { Random } from './random.ts'

export interface Scene extends Ground {
  /** Of the one coordination node. */
  readonly path: string
  readonly random: Random
  readonly wall: WallClock
  readonly network: Network
  readonly storage: Storage
  readonly judge: Judge
  /** No fault strikes any more. */
  readonly isHealed: boolean
  /** For how long nobody has changed anything any more. */
  readonly quietForMs: number
  nextSerial(): number
  /** The node is there: the others come, and the storm begins. */
  founded(): void
  /** A program has gone through a healed world well. */
  finished(): void
}
