/** A server in a process of its own, which tells on request what it takes: heap behind a collection, descriptors. */
import { readdirSync } from 'node:fs'
import { openMemoryEngine } from '@tenure/engine/memory'
import { startServer } from '../../../../src/index.ts'

const ANY_PORT = { host: '127.0.0.1', port: 0 }

const server = await startServer({ engine: openMemoryEngine(), listen: ANY_PORT, http: null })

process.on('message', () => {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  process.send?.({
    bytes: heapUsed + external + arrayBuffers,
    descriptors: readdirSync('/proc/self/fd').length,
    attachedSessions: server.statistics().attachedSessions,
  })
})
process.send?.({ port: server.grpcAddress.port })
