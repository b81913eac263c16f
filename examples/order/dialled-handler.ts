/**
 * Finishes orders that the server brings, until it is stopped by a signal. The theme names this endpoint:
 *
 *   node examples/dist/order/dialled-handler.js 127.0.0.1:7000 /tmp/shop
 *   tenure --path /local/shop truba theme 7 --name orders --handler grpc://127.0.0.1:7000
 */
import { once } from 'node:events'
import { serveHandlers } from 'tenure'
import { orderHandler } from './order-handler.ts'
import { Services } from './services.ts'
import { ORDER } from './shop.ts'
import { dieAtStopPoint } from './stop-point.ts'

const [listen = '127.0.0.1:7000', folder = 'shop'] = process.argv.slice(2)
const services = await Services.open(folder)
const handlers = { [ORDER]: orderHandler(services, dieAtStopPoint) }
await using serving = await serveHandlers(handlers, { listen })
console.log(`listens on ${serving.address}`)
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
