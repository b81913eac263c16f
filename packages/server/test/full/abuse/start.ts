/** The first message of a session that is gone soon after its stream, and that is not pinged often. */
import { create, toBinary } from '@bufbuild/protobuf'
import { SessionRequestSchema } from '@ydbjs/api/coordination'

export const START: Uint8Array = toBinary(
  SessionRequestSchema,
  create(SessionRequestSchema, {
    request: { case: 'sessionStart', value: { path: '/local/node', timeoutMillis: 6_000n } },
  }),
)
