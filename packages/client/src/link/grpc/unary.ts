/** One unary call: a message there, an operation back. */
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
import type { CallError, CallHeaders } from './channel.ts'
import type { Channels } from './channels.ts'
import { refusalOfGrpc } from './status.ts'

/** After this an attempt counts as failed, and the next host is tried. */
export const ATTEMPT_TIMEOUT_MS = 5_000
const NOTHING = new Uint8Array(0)

export interface UnaryCall<I extends DescMessage> {
  readonly method: Method<I>
  readonly message: MessageInitShape<I>
  readonly headers: CallHeaders
  /** What is asked, for messages: `cannot … node "/local/a"`. */
  readonly asked: string
  readonly signal: AbortSignal | undefined
}

/** What every call tells the server. */
export function headersFor(database: string, token: string): CallHeaders {
  return {
    'x-ydb-database': database,
    'x-ydb-sdk-build-info': `tenure-js/${VERSION}`,
    ...(token === '' ? {} : { 'x-ydb-auth-ticket': token }),
  }
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
  const response = read(call, await send(channels, call))
  const { operation } = response as MessageShape<DescMessage> & { operation?: Operation }
  if (operation === undefined) throw new UnavailableError(`${call.asked}: the answer is empty`)
  return operation
}

function read<I extends DescMessage>(
  { method, asked }: UnaryCall<I>,
  bytes: Uint8Array,
): MessageShape<DescMessage> {
  try {
    return fromBinary(method.output, bytes)
  } catch (cause) {
    throw new UnavailableError(`${asked}: the answer cannot be read`, { cause })
  }
}

function send<I extends DescMessage>(
  channels: Channels,
  { method, message, headers, asked, signal }: UnaryCall<I>,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason)
      return
    }
    const bytes = toBinary(method.input, create(method.input, message))
    const use = channels.use()
    const request = { path: method.path, headers, bytes, timeoutMs: ATTEMPT_TIMEOUT_MS }
    const call = use.channel.call(request, (error, response) => {
      deafen()
      if (error !== null) use.fail()
      use.end()
      if (error === null) resolve(response ?? NOTHING)
      else reject(errorOfGrpc(error, asked, use.host))
    })
    const deafen = onAbort(signal, (reason) => {
      reject(reason)
      call.cancel()
    })
  })
}

function errorOfGrpc(error: CallError, asked: string, host: string): Error {
  const refusal = refusalOfGrpc(error)
  if (refusal !== null) return errorOf(refusal, asked, error)
  return new UnavailableError(`${asked}: no answer from ${host}: ${error.details}`, {
    cause: error,
  })
}
