/**
 * Watches something for as long as it can, and compares once all is quiet.
 *
 * Its round goes well when nothing changes any more, and the last state it saw is the one that is stored.
 */
import type { Session } from '@tenure/client'
import type { View } from '../judge/views.ts'
import type { Desk, Program } from './program.ts'

/** What is watched: its states as texts, and how to read the present one. */
export interface Watched {
  readonly name: string
  /** The state of which the watch is silent until there is another. */
  readonly before: string
  watch(session: Session, signal: AbortSignal): AsyncIterable<string>
  read(session: Session): Promise<string>
}

const LOOK_MS = 500
/** A reader that is busy with a state meets the latest one afterwards. */
const SLOW_SHARE = 0.3
const SLOW_MS = 200
/** Everything that is on its way has arrived by then. */
const QUIET_MS = 8_000

export function watcher(watched: Watched): Program {
  return {
    name: `watches ${watched.name}`,
    waitsForQuiet: true,
    async round(desk) {
      const session = await desk.session()
      const stop = new AbortController()
      const watching = new Watching(watched, desk)
      const done = watching.follow(session, stop.signal)
      try {
        while (!watching.hasEnded) {
          await desk.sleep(LOOK_MS)
          if (desk.world.quietForMs < QUIET_MS || watching.hasEnded) continue
          watching.view.settle(await watched.read(session))
          desk.world.marks.reached('a watcher agrees with what is stored')
          return
        }
      } finally {
        stop.abort(desk.impatience())
        await done
      }
      throw watching.error
    },
  }
}

class Watching {
  readonly view: View
  readonly #watched: Watched
  readonly #desk: Desk
  hasEnded = false
  error: unknown = null

  constructor(watched: Watched, desk: Desk) {
    this.#watched = watched
    this.#desk = desk
    this.view = desk.world.judge.views.begin(desk.name, watched.before)
  }

  async follow(session: Session, signal: AbortSignal): Promise<void> {
    try {
      for await (const state of this.#watched.watch(session, signal)) {
        this.view.saw(state)
        if (this.#desk.random.chance(SLOW_SHARE)) {
          await this.#desk.sleep(this.#desk.random.exponential(SLOW_MS))
        }
      }
    } catch (error) {
      this.error = error
    }
    this.hasEnded = true
  }
}
