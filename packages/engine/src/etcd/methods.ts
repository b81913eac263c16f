/** The methods of etcd that are called, each with its messages to and from bytes. */
import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import {
  Auth,
  KV,
  Lease,
  Maintenance,
  type TxnRequestSchema,
  type TxnResponse,
  Watch,
} from './gen/etcd/v3/etcd_pb.ts'
import { readTxn, txnBytes } from './txn-codec.ts'

export interface Method<Request, Response> {
  readonly path: string
  readonly encode: (request: Request) => Buffer
  readonly decode: (bytes: Uint8Array) => Response
}

type Generated<Request extends DescMessage, Response extends DescMessage> = Method<
  MessageInitShape<Request>,
  MessageShape<Response>
>

type Messages<Request extends DescMessage, Response extends DescMessage> = DescMethod & {
  readonly input: Request
  readonly output: Response
}

export const RANGE: Generated<typeof KV.method.range.input, typeof KV.method.range.output> =
  generated(KV.method.range)

export const TXN: Method<MessageInitShape<typeof TxnRequestSchema>, TxnResponse> = {
  path: pathOf(KV.method.txn),
  encode: txnBytes,
  decode: readTxn,
}

export const STATUS: Generated<
  typeof Maintenance.method.status.input,
  typeof Maintenance.method.status.output
> = generated(Maintenance.method.status)

export const AUTHENTICATE: Generated<
  typeof Auth.method.authenticate.input,
  typeof Auth.method.authenticate.output
> = generated(Auth.method.authenticate)

export const LEASE_GRANT: Generated<
  typeof Lease.method.leaseGrant.input,
  typeof Lease.method.leaseGrant.output
> = generated(Lease.method.leaseGrant)

export const LEASE_REVOKE: Generated<
  typeof Lease.method.leaseRevoke.input,
  typeof Lease.method.leaseRevoke.output
> = generated(Lease.method.leaseRevoke)

/** A stream. */
export const LEASE_KEEP_ALIVE: Generated<
  typeof Lease.method.leaseKeepAlive.input,
  typeof Lease.method.leaseKeepAlive.output
> = generated(Lease.method.leaseKeepAlive)

/** A stream. */
export const WATCH: Generated<typeof Watch.method.watch.input, typeof Watch.method.watch.output> =
  generated(Watch.method.watch)

function generated<Request extends DescMessage, Response extends DescMessage>(
  method: Messages<Request, Response>,
): Generated<Request, Response> {
  return {
    path: pathOf(method),
    encode: (request) => {
      const bytes = toBinary(method.input, create(method.input, request))
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    },
    decode: (bytes) => fromBinary(method.output, bytes),
  }
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`
}
