/**
 * The `order` example, killed at every point of its client and of its handler, and at many of the server.
 *
 * guards: J1, J2, J4, D2
 */
import { expect, test } from 'vitest'
import { OrderShop, STOP_POINTS } from '../../crash/order-shop.ts'
import { scaled } from '../../scale.ts'

/** A client that places four orders makes more commits than that. */
const PASSINGS = [1, 3, 5, 7, 9, 11, 13, 15]
const RESTORES = [1, 2, 3, 4]

test('an order is finished wherever its client or its handler dies', async () => {
  for (let round = 0; round < scaled(3); round += 1) {
    await using shop = await OrderShop.open()
    await shop.killParts({ client: STOP_POINTS, handler: STOP_POINTS })
    expect(await shop.finish()).toEqual([])
  }
})

test.for(['after-append', 'after-sync', 'before-reply', 'mid-restore'])(
  'an order is finished wherever the server dies: %s',
  async (place) => {
    const passings = place === 'mid-restore' ? RESTORES : PASSINGS
    const points = passings.map((passing) => `${place}:${passing}`)
    for (let round = 0; round < scaled(1); round += 1) {
      await using shop = await OrderShop.open()
      await shop.killServer(points)
      expect(await shop.finish()).toEqual([])
    }
  },
)
