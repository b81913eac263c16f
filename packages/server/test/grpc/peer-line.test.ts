/** What a server knows of a call to another one that came to nothing. */
import { createServer, type Http2Server } from 'node:http2'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { PeerLine } from '../../src/cluster/peer.ts'
import { peerDial } from '../../src/grpc/peer-line.ts'

type Loss = 'lost' | 'unreached'

let server: Http2Server | null = null

afterEach(() => {
  server?.close()
  server = null
})

async function listening(): Promise<{ server: Http2Server; address: string }> {
  const opened = createServer()
  server = opened
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve))
  const address = opened.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return { server: opened, address: `127.0.0.1:${address.port}` }
}

/** How a call with one question ends. */
async function lossAt(address: string): Promise<Loss> {
  let line: PeerLine | null = null
  const loss = new Promise<Loss>((resolve) => {
    line = peerDial(systemClock)(
      { id: 'other', address },
      {
        heard() {},
        lost: () => resolve('lost'),
        unreached: () => resolve('unreached'),
      },
    )
    line.send({ kind: 'take', ask: 1, path: '/local/a' })
  })
  return loss
}

test('a server that does not listen has heard nothing', async () => {
  const opened = await listening()
  await new Promise((resolve) => opened.server.close(resolve))
  server = null
  expect(await lossAt(opened.address)).toBe('unreached')
})

test('a server that has refused the call has heard nothing', async () => {
  const opened = await listening()
  opened.server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'grpc-status': '7' }, { endStream: true })
  })
  expect(await lossAt(opened.address)).toBe('unreached')
})

test('a server that was lost later may have heard what it was asked', async () => {
  const opened = await listening()
  opened.server.on('stream', (stream) => {
    stream.on('error', () => {})
    stream.on('data', () => stream.session?.destroy())
    stream.respond({ ':status': 200 })
  })
  expect(await lossAt(opened.address)).toBe('lost')
})

test('a server that took the call and ended it later may have heard what it was asked', async () => {
  const opened = await listening()
  opened.server.on('stream', (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.on('data', () => stream.end())
  })
  expect(await lossAt(opened.address)).toBe('lost')
})
