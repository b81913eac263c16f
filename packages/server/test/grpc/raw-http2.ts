/** HTTP/2 without any gRPC library: for bytes that no library would send. */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import { atEnd } from './harness.ts'

export function openHttp2(address: { host: string; port: number }): ClientHttp2Session {
  const session = connect(`http://${address.host}:${address.port}`)
  session.on('error', () => {})
  atEnd(() => session.destroy())
  return session
}

const SESSION_PATH = '/Ydb.Coordination.V1.CoordinationService/Session'

export function begin(
  session: ClientHttp2Session,
  headers: Record<string, string> = {},
): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': SESSION_PATH,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
  stream.on('error', () => {})
  return stream
}

/** A message in its frame; the flag says whether it is compressed. */
export function frame(message: Uint8Array, flag = 0): Buffer {
  const header = Buffer.alloc(5)
  header[0] = flag
  header.writeUInt32BE(message.length, 1)
  return Buffer.concat([header, message])
}

/** How the call ended: its gRPC status and text, or the HTTP status when there is none. */
export async function statusOf(stream: ClientHttp2Stream): Promise<string> {
  return new Promise((resolve) => {
    let last: IncomingHttpHeaders & IncomingHttpStatusHeader = {}
    stream.on('response', (headers) => {
      last = headers
    })
    stream.on('trailers', (headers) => {
      last = headers
    })
    stream.on('close', () => {
      const status = last['grpc-status'] ?? last[':status']
      resolve(status === undefined ? `reset ${stream.rstCode}` : status.toString())
    })
    stream.resume()
  })
}
