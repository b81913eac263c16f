/** One unary call: a message there, an operation back. */
import { Metadata, type ServiceError } from '@grpc/grpc-js'
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  type Method,
  type Operation,
  toBinary,
} from '@tenure/protocol'
import { errorOf, UnavailableError } from '../../errors.ts'
import { onAbort } from '../../abort.ts'
import { VERSION } from '../../version.ts'
import type { Channels } from './channels.ts'
import { refusalOfGrpc } from './status.ts'

/** After this an attempt counts as failed, and the next host is tried. */
const ATTEMPT_TIMEOUT_MS = 5_000

export interface UnaryCall<I extends DescMessage> {
  readonly method: Method<I>
  readonly message: MessageInitShape<I>
  readonly metadata: Metadata
  /** What is asked, for messages: `cannot … node "/local/a"`. */
  readonly asked: string
  readonly signal: AbortSignal | undefined
}

/** What every call tells the server. */
export function metadataFor(database: string, token: string): Metadata {
  const metadata = new Metadata()
  metadata.set('x-ydb-database', database)
  metadata.set('x-ydb-sdk-build-info', `tenure-js/${VERSION}`)
  if (token !== '') metadata.set('x-ydb-auth-ticket', token)
  return metadata
}

/**
 * One attempt.
 *
 * @returns the operation, whatever its status
 * @throws TenureError when gRPC reports trouble; the reason of `signal`
 */
export async function unary<I extends DescMessage>(
  channels: Channels,
  call: UnaryCall<I>,
): Promise<Operation> {
  const response = await send(channels, call)
  const { operation } = response as MessageShape<DescMessage> & { operation?: Operation }
  if (operation === undefined) throw new UnavailableError(`${call.asked}: the answer is empty`)
  return operation
}

function send<I extends DescMessage>(
  channels: Channels,
  { method, message, metadata, asked, signal }: UnaryCall<I>,
): Promise<MessageShape<DescMessage>> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason)
      return
    }
    const use = channels.use()
    const deadline = Date.now() + ATTEMPT_TIMEOUT_MS
    const request = use.client.makeUnaryRequest(
      method.path,
      (init: MessageInitShape<I>) =>
        Buffer.from(toBinary(method.input, create(method.input, init))),
      (bytes) => fromBinary(method.output, bytes),
      message,
      metadata,
      { deadline },
      (error, response) => {
        deafen()
        if (error !== null) use.fail()
        use.end()
        if (error !== null) reject(errorOfGrpc(error, asked, use.host))
        else if (response === undefined)
          reject(new UnavailableError(`${asked}: the answer is empty`))
        else resolve(response)
      },
    )
    const deafen = onAbort(signal, (reason) => {
      reject(reason)
      request.cancel()
    })
  })
}

function errorOfGrpc(error: ServiceError, asked: string, host: string): Error {
  const refusal = refusalOfGrpc(error)
  if (refusal !== null) return errorOf(refusal, asked, error)
  return new UnavailableError(`${asked}: no answer from ${host}: ${error.details}`, {
    cause: error,
  })
}
