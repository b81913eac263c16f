/** YDB's gRPC services that Tenure speaks: where each method is, and what goes in and out. */
import {
  AlterNodeRequestSchema,
  AlterNodeResponseSchema,
  CreateNodeRequestSchema,
  CreateNodeResponseSchema,
  DescribeNodeRequestSchema,
  DescribeNodeResponseSchema,
  DropNodeRequestSchema,
  DropNodeResponseSchema,
  SessionRequestSchema,
  SessionResponseSchema,
} from '@ydbjs/api/coordination'
import { LoginRequestSchema, LoginResponseSchema } from '@ydbjs/api/auth'
import {
  ListEndpointsRequestSchema,
  ListEndpointsResponseSchema,
  WhoAmIRequestSchema,
  WhoAmIResponseSchema,
} from '@ydbjs/api/discovery'
import {
  DescribePathRequestSchema,
  DescribePathResponseSchema,
  ListDirectoryRequestSchema,
  ListDirectoryResponseSchema,
} from '@ydbjs/api/scheme'
import type { DescMessage } from '@bufbuild/protobuf'

/** One method of a gRPC service. */
export interface Method<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> {
  /** `/package.Service/Method`. */
  readonly path: string
  readonly input: I
  readonly output: O
  /** Both sides send many messages; else each sends one. */
  readonly streaming: boolean
}

function unary<I extends DescMessage, O extends DescMessage>(
  path: string,
  input: I,
  output: O,
): Method<I, O> {
  return { path, input, output, streaming: false }
}

const COORDINATION = '/Ydb.Coordination.V1.CoordinationService'

export const CREATE_NODE: Method<typeof CreateNodeRequestSchema, typeof CreateNodeResponseSchema> =
  unary(`${COORDINATION}/CreateNode`, CreateNodeRequestSchema, CreateNodeResponseSchema)

export const ALTER_NODE: Method<typeof AlterNodeRequestSchema, typeof AlterNodeResponseSchema> =
  unary(`${COORDINATION}/AlterNode`, AlterNodeRequestSchema, AlterNodeResponseSchema)

export const DROP_NODE: Method<typeof DropNodeRequestSchema, typeof DropNodeResponseSchema> = unary(
  `${COORDINATION}/DropNode`,
  DropNodeRequestSchema,
  DropNodeResponseSchema,
)

export const DESCRIBE_NODE: Method<
  typeof DescribeNodeRequestSchema,
  typeof DescribeNodeResponseSchema
> = unary(`${COORDINATION}/DescribeNode`, DescribeNodeRequestSchema, DescribeNodeResponseSchema)

export const SESSION: Method<typeof SessionRequestSchema, typeof SessionResponseSchema> = {
  path: `${COORDINATION}/Session`,
  input: SessionRequestSchema,
  output: SessionResponseSchema,
  streaming: true,
}

const DISCOVERY = '/Ydb.Discovery.V1.DiscoveryService'

export const LIST_ENDPOINTS: Method<
  typeof ListEndpointsRequestSchema,
  typeof ListEndpointsResponseSchema
> = unary(`${DISCOVERY}/ListEndpoints`, ListEndpointsRequestSchema, ListEndpointsResponseSchema)

export const WHO_AM_I: Method<typeof WhoAmIRequestSchema, typeof WhoAmIResponseSchema> = unary(
  `${DISCOVERY}/WhoAmI`,
  WhoAmIRequestSchema,
  WhoAmIResponseSchema,
)

export const LOGIN: Method<typeof LoginRequestSchema, typeof LoginResponseSchema> = unary(
  '/Ydb.Auth.V1.AuthService/Login',
  LoginRequestSchema,
  LoginResponseSchema,
)

const SCHEME = '/Ydb.Scheme.V1.SchemeService'

export const LIST_DIRECTORY: Method<
  typeof ListDirectoryRequestSchema,
  typeof ListDirectoryResponseSchema
> = unary(`${SCHEME}/ListDirectory`, ListDirectoryRequestSchema, ListDirectoryResponseSchema)

export const DESCRIBE_PATH: Method<
  typeof DescribePathRequestSchema,
  typeof DescribePathResponseSchema
> = unary(`${SCHEME}/DescribePath`, DescribePathRequestSchema, DescribePathResponseSchema)

/** Every method of YDB's that Tenure answers. */
export const YDB_METHODS: readonly Method[] = [
  CREATE_NODE,
  ALTER_NODE,
  DROP_NODE,
  DESCRIBE_NODE,
  SESSION,
  LIST_ENDPOINTS,
  WHO_AM_I,
  LOGIN,
  LIST_DIRECTORY,
  DESCRIBE_PATH,
]
