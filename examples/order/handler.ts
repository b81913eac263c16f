/**
 * Finishes orders whose clients have died, until it is stopped by a signal.
 *
 *   node examples/dist/order/handler.js grpc://127.0.0.1:2136/local /tmp/shop
 */
import { once } from 'node:events'
import { connect } from 'tenure'
import { orderHandler } from './order-handler.ts'
import { Services } from './services.ts'
import { openPipe, ORDER } from './shop.ts'
import { dieAtStopPoint } from './stop-point.ts'

const [address, folder = 'shop'] = process.argv.slice(2)
await using client = connect(address)
const services = await Services.open(folder)
const pipe = await openPipe(client)
await using _worker = await pipe.handle(ORDER, orderHandler(services, dieAtStopPoint))
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
