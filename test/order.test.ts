/**
 * The `order` example end to end: its client, its handler and the server are killed half way, and every order is finished, each of its
 * steps done once.
 *
 * guards: J1, J2, J4
 */
import { expect, test } from 'vitest'
import { OrderShop } from './crash/order-shop.ts'

test(
  'an order is finished wherever its client, its handler or the server dies',
  { timeout: 60_000 },
  async () => {
    await using shop = await OrderShop.open()
    await shop.killParts({ client: ['asked-charge', 'noted-ship'], handler: ['noted-charge'] })
    await shop.killServer(['before-reply:12'])
    expect(await shop.finish()).toEqual([])
    expect(shop.askedAgain).toBeGreaterThan(0)
  },
)
