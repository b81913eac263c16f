/** A channel of gRPC. */
import { type ChannelCredentials, Client, credentials, Metadata } from '@grpc/grpc-js'
import type { TlsOptions } from '../../credentials.ts'
import type {
  CallError,
  CallHeaders,
  Channel,
  Dial,
  MessageStream,
  MessageStreamListener,
  PendingCall,
  UnaryRequest,
} from './channel.ts'

const MESSAGE_MAX_BYTES = 64 * 1024 * 1024

const OPTIONS = {
  // Two channels to one host must be two connections, else a fresh one would not be fresh.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': MESSAGE_MAX_BYTES,
  'grpc.max_send_message_length': MESSAGE_MAX_BYTES,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.service_config_disable_resolution': 1,
}

/** @param tls used when `secure` */
export function grpcDial(secure: boolean, tls: TlsOptions): Dial {
  const channelCredentials = secure ? secureCredentials(tls) : credentials.createInsecure()
  return (host) => new GrpcChannel(new Client(host, channelCredentials, OPTIONS))
}

class GrpcChannel implements Channel {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  stream(path: string, headers: CallHeaders, listener: MessageStreamListener): MessageStream {
    const stream = this.#client.makeBidiStreamRequest(path, asBuffer, asBytes, metadataOf(headers))
    stream.on('data', (bytes: Uint8Array) => listener.message(bytes))
    stream.on('end', () => listener.ended())
    // Comes also after the stream was left, when nobody listens any more.
    stream.on('error', (error: CallError) => listener.failed(error))
    return stream
  }

  call(
    { path, headers, bytes, timeoutMs }: UnaryRequest,
    settle: (error: CallError | null, response: Uint8Array | undefined) => void,
  ): PendingCall {
    return this.#client.makeUnaryRequest(
      path,
      asBuffer,
      asBytes,
      bytes,
      metadataOf(headers),
      { deadline: Date.now() + timeoutMs },
      settle,
    )
  }

  close(): void {
    this.#client.close()
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function asBytes(buffer: Buffer): Uint8Array {
  return buffer
}

function metadataOf(headers: CallHeaders): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  return metadata
}

function secureCredentials({ ca, certificate, privateKey }: TlsOptions): ChannelCredentials {
  return credentials.createSsl(pemOf(ca), pemOf(privateKey), pemOf(certificate))
}

function pemOf(text: Uint8Array | string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text)
}
