/**
 * Ports of the loopback interface.
 */
import { createServer, connect as open } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 5

/** @returns a port that was free a moment ago: programs that cannot choose one themselves need it */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = address !== null && typeof address === 'object' ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}

/** Resolves when something listens on the port. @throws when `signal` aborts before */
export async function listening(port: number, signal: AbortSignal): Promise<void> {
  while (!(await answers(port))) await delay(POLL_MS, undefined, { signal })
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = open({ port, host: '127.0.0.1' })
    const settle = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
