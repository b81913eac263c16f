/**
 * Places orders, one after the other.
 *
 *   node examples/dist/order/client.js grpc://127.0.0.1:2136/local /tmp/shop order-1 order-2
 */
import { connect, TaskLostError } from 'tenure'
import { placeOrder } from './place-order.ts'
import { Services } from './services.ts'
import { openPipe } from './shop.ts'
import { dieAtStopPoint } from './stop-point.ts'

const [address, folder = 'shop', ...orders] = process.argv.slice(2)
await using client = connect(address)
const pipe = await openPipe(client)
const services = await Services.open(folder)
for (const order of orders) {
  try {
    await placeOrder(pipe, services, { order, passed: dieAtStopPoint })
    console.log(`${order}: finished`)
  } catch (error) {
    if (!(error instanceof TaskLostError)) throw error
    console.log(`${order}: left to the handler`)
  }
}
