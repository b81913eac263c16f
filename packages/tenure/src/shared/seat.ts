/** A process's place at a shared directory: its host, which lets the others in, or a guest of the process that is. */
import { type Link, socketLink, systemClock } from '@tenure/client'
import { DEFAULT_DATABASE } from '../address.ts'
import { LocalLink } from '../local/local-link.ts'
import type { Doorway } from './doorway.ts'
import { Entrance } from './entrance.ts'

export interface Seat {
  readonly link: Link
  /** Whether the link leads to a host still. */
  isGood(): Promise<boolean>
  /** Gives the place up: a host in good order, so that the next one has all that was answered. */
  leave(): Promise<void>
}

export interface Place {
  /** As the user gave it, for messages. */
  readonly address: string
  /** An absolute path without symbolic links. */
  readonly folder: string
  readonly doorway: Doorway
}

export function guestSeat({ address, doorway }: Place): Seat {
  const link = socketLink({ address, socket: doorway.path, database: DEFAULT_DATABASE })
  const isGood = async (): Promise<boolean> => (await doorway.look()) === 'open'
  return { link, isGood, leave: () => link.close() }
}

/** Loads what a host consists of, so that a guest can take over at once. */
export async function loadHost(): Promise<void> {
  await Promise.all([import('@tenure/engine/file'), import('../local/local-host.ts')])
}

/**
 * Takes the directory.
 *
 * @param failed called when the host can do nothing any more, because its disk has failed or its data are damaged
 * @throws HeldError when another process has it; what `openFileEngine` throws besides
 */
export async function hostSeat(place: Place, failed: (seat: Seat) => void): Promise<Seat> {
  const { address, folder } = place
  const { openFileEngine } = await import('@tenure/engine/file')
  const engine = await openFileEngine(folder, { address: `file:${folder}` })
  try {
    // Of many that begin at once the one that has the directory loads a server, and the others leave it the machine.
    const { LocalHost } = await import('../local/local-host.ts')
    const host = await LocalHost.open(engine)
    const entrance = await Entrance.open(folder, { host }).catch(async (error: unknown) => {
      await host.close()
      throw error
    })
    const use = { host: Promise.resolve(host), release: () => Promise.resolve() }
    const seat: Seat = {
      link: new LocalLink(address, use, systemClock),
      isGood: () => Promise.resolve(engine.failed?.aborted !== true),
      async leave() {
        entrance.shut()
        await host.close()
        try {
          // From here on another process may take over, while the guests of this one read their last answers.
          await engine.close()
        } finally {
          await entrance.clear()
        }
      },
    }
    engine.failed?.addEventListener('abort', () => failed(seat), { once: true })
    return seat
  } catch (error) {
    await engine.close()
    throw error
  }
}
