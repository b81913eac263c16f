/** A listener on a free port, until the test ends. */
import type { Server } from 'node:net'
import { atEnd } from './harness.ts'

/** @returns `127.0.0.1:port` */
export async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it does not listen')
  return `127.0.0.1:${address.port}`
}
