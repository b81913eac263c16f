/**
 * Everything a program can do, begun in any order and at any moment, while the network and the server do what they like.
 * Afterwards every promise has settled, the server's books are what the program believes, and nothing is left behind.
 */
import { array, asyncProperty, boolean, scheduler } from 'fast-check'
import { expect, test } from 'vitest'
import { counterexample } from '../../../test/property.ts'
import { act, ACTS } from './races/acts.ts'
import { NODE, PATH, Theatre } from './races/theatre.ts'

const ends = asyncProperty(
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

// guards: X1, X2, X4, S2, W3
test('whatever is begun ends, and what was released is free', async () => {
  expect(await counterexample(ends, 200)).toBeUndefined()
})
