/** Ports on 127.0.0.1 that nobody listens on. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/** That many different ones. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const addresses = servers.map((server) => server.address())
  await Promise.all(
    servers.map((server) => {
      server.close()
      return once(server, 'close')
    }),
  )
  return addresses.map((address) => {
    if (address === null || typeof address === 'string') throw new Error('there is no port')
    return address.port
  })
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}
