/**
 * An order goes through three steps at three services, and is finished even if whoever has begun it fails half way.
 *
 * All in one process; client.ts, handler.ts and dialled-handler.ts are the same as programs of their own.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'tenure'
import { orderHandler } from './order-handler.ts'
import { placeOrder } from './place-order.ts'
import { Services } from './services.ts'
import { openPipe, ORDER } from './shop.ts'

const folder = await mkdtemp(join(tmpdir(), 'tenure-order-'))
const services = await Services.open(folder)
await using client = connect(process.argv[2] ?? 'memory:')
const pipe = await openPipe(client)

await placeOrder(pipe, services, { order: 'apple' })
console.log('apple: finished by its client')

try {
  await placeOrder(pipe, services, {
    order: 'pear',
    passed: (point) => {
      if (point === 'asked-charge')
        throw new Error('the client fails, and has not noted the charge')
    },
  })
} catch (error) {
  console.log(`pear: ${String(error)}`)
}

let finished = (): void => {}
const isFinished = new Promise<void>((resolve) => {
  finished = resolve
})
{
  const handler = orderHandler(services, (point) => {
    if (point === 'noted-ship') finished()
  })
  await using _worker = await pipe.handle(ORDER, handler)
  await isFinished
}

console.log('pear: finished by the handler; all that was asked for:')
console.log(await readFile(join(folder, 'requests'), 'utf8'))
await rm(folder, { recursive: true })
