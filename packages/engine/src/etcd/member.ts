/** One member of the cluster: single attempts, each with a deadline. */
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import type { Method } from './methods.ts'
import { StatusError } from './status.ts'

/** The largest answer that is taken; a page of a scan that is larger is asked for in smaller ones. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024

/** etcd takes pings of one connection every 5 s and counts more against it. */
const PING_EVERY_MS = 10_000
const PONG_WITHIN_MS = 3_000
const RECONNECT_FIRST_MS = 100
const RECONNECT_MAX_MS = 1_000

export interface Attempt {
  readonly token: string | null
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export class Member {
  readonly address: string
  readonly #client: Client

  constructor(address: string, credentials: ChannelCredentials) {
    this.address = address
    this.#client = new Client(address, credentials, {
      'grpc.max_receive_message_length': ANSWER_BYTES_MAX,
      'grpc.max_send_message_length': -1,
      'grpc.keepalive_time_ms': PING_EVERY_MS,
      'grpc.keepalive_timeout_ms': PONG_WITHIN_MS,
      'grpc.initial_reconnect_backoff_ms': RECONNECT_FIRST_MS,
      'grpc.max_reconnect_backoff_ms': RECONNECT_MAX_MS,
      'grpc.service_config_disable_resolution': 1,
      'grpc.enable_http_proxy': 0,
    })
  }

  /** @throws StatusError */
  call<Request, Response>(
    { path, encode, decode }: Method<Request, Response>,
    request: Request,
    attempt: Attempt,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        encode,
        decode,
        request,
        metadataOf(attempt),
        { deadline: Date.now() + attempt.timeoutMs },
        (error, answer) => {
          attempt.signal?.removeEventListener('abort', cancel)
          if (error !== null) reject(new StatusError(error))
          else if (answer === undefined) reject(silent())
          else resolve(answer)
        },
      )
      const cancel = (): void => call.cancel()
      attempt.signal?.addEventListener('abort', cancel)
      if (attempt.signal?.aborted === true) cancel()
    })
  }

  /** Says one thing on a stream of its own, and takes the first answer. @throws StatusError */
  ask<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    attempt: Attempt,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const stream = this.open(method, attempt, { deadline: Date.now() + attempt.timeoutMs })
      const cancel = (): void => stream.cancel()
      const done = (settle: () => void): void => {
        attempt.signal?.removeEventListener('abort', cancel)
        settle()
      }
      stream.on('data', (answer: Response) => {
        done(() => resolve(answer))
        cancel()
      })
      stream.on('error', (error: ServiceError) => done(() => reject(new StatusError(error))))
      stream.on('end', () => done(() => reject(silent())))
      attempt.signal?.addEventListener('abort', cancel)
      if (attempt.signal?.aborted === true) cancel()
      stream.write(request)
    })
  }

  /** A stream; it ends when its connection does, or when the member has no leader. */
  open<Request, Response>(
    { path, encode, decode }: Method<Request, Response>,
    attempt: Pick<Attempt, 'token'>,
    options: { readonly deadline?: number } = {},
  ): ClientDuplexStream<Request, Response> {
    const metadata = metadataOf(attempt)
    return this.#client.makeBidiStreamRequest(path, encode, decode, metadata, options)
  }

  close(): void {
    this.#client.close()
  }
}

function metadataOf({ token }: Pick<Attempt, 'token'>): Metadata {
  const metadata = new Metadata()
  // A member that sees no leader says so at once instead of waiting for one.
  metadata.set('hasleader', 'true')
  if (token !== null) metadata.set('token', token)
  return metadata
}

function silent(): StatusError {
  return new StatusError({ code: status.UNAVAILABLE, details: 'the member said nothing' })
}
