/** What is asked of every race: that all of it ends, and leaves nothing behind. */
import { array, asyncProperty, boolean, scheduler } from 'fast-check'
import type { IAsyncProperty } from 'fast-check'
import { act, ACTS } from './acts.ts'
import { NODE, PATH, Theatre } from './theatre.ts'

export const ends: IAsyncProperty<unknown> = asyncProperty(
  scheduler(),
  array(act, { minLength: 1, maxLength: 20, size: 'max' }),
  boolean(),
  async (scheduler, script, isForeign) => {
    const theatre = new Theatre(scheduler, isForeign)
    const { client } = theatre
    theatre.begin('set-up', client.createNode(PATH, NODE))
    await theatre.drain()
    theatre.begin('set-up', ACTS['open a session'](theatre, OPEN))
    theatre.begin('set-up', ACTS['open a session'](theatre, OPEN))
    await theatre.drain()
    const play = async (): Promise<void> => {
      for (const each of script) {
        await theatre.moment()
        const begin = (): void => theatre.begin(each.kind, ACTS[each.kind](theatre, each))
        if (each.atOnce) theatre.network.atNextMessage(begin)
        else begin()
      }
    }
    theatre.begin('script', play())
    await theatre.drain()
    theatre.network.actAtOnce()
    await theatre.drain()
    await theatre.calm()
    await theatre.end()
  },
)

const OPEN = {
  kind: 'open a session',
  which: 0,
  aborts: false,
  hurries: false,
  atOnce: false,
} as const
