/** A unary method as the gRPC face sees it: bytes in, bytes out. */
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  type Method,
  toBinary,
} from '@tenure/protocol'
import type { CallInfo } from './call.ts'

export interface UnaryMethod {
  readonly path: string
  /** @throws UnreadableError before anything was done */
  answer(request: Uint8Array, call: CallInfo): Promise<Uint8Array>
}

/** The bytes are not the method's request. */
export class UnreadableError extends Error {
  override name = 'UnreadableError'
}

export function unaryMethod<I extends DescMessage, O extends DescMessage>(
  method: Method<I, O>,
  answer: (
    request: MessageShape<I>,
    call: CallInfo,
  ) => Promise<MessageInitShape<O>> | MessageInitShape<O>,
): UnaryMethod {
  return {
    path: method.path,
    async answer(bytes, call) {
      const request = decode(method.input, bytes)
      return toBinary(method.output, create(method.output, await answer(request, call)))
    },
  }
}

function decode<S extends DescMessage>(schema: S, bytes: Uint8Array): MessageShape<S> {
  try {
    return fromBinary(schema, bytes)
  } catch (error) {
    throw new UnreadableError(`request is no ${schema.typeName}`, { cause: error })
  }
}
