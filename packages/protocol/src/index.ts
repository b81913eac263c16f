/**
 * The public door of this room: each name that others may use.
 *
 * Messages of unary calls are generated ones; those of streams are plain objects with codecs of their own.
 * What few processes need is behind another door: `tenure-v1.ts`.
 */
export { create, toBinary } from '@bufbuild/protobuf'
export type { DescFile, DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
export { anyPack, anyUnpack, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
export { LoginResultSchema } from '@ydbjs/api/auth'
export {
  type Config,
  ConfigSchema,
  ConsistencyMode,
  DescribeNodeResultSchema,
  RateLimiterCountersMode,
} from '@ydbjs/api/coordination'
export { ListEndpointsResultSchema, WhoAmIResultSchema } from '@ydbjs/api/discovery'
export { type Operation, OperationSchema } from '@ydbjs/api/operation'
export {
  DescribePathResultSchema,
  type Entry,
  Entry_Type as EntryType,
  ListDirectoryResultSchema,
} from '@ydbjs/api/scheme'
export { SEVERITY, STATUS, statusName, type StatusName, type StatusNumber } from './codes.ts'
export { fromBinary } from './from-binary.ts'
export {
  file_grpc_health_v1_health as HEALTH_FILE,
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthCheckResponseSchema,
} from './gen/grpc/health/v1/health_pb.ts'
export {
  file_grpc_reflection_v1_reflection as REFLECTION_FILE,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from './gen/grpc/reflection/v1/reflection_pb.ts'
export {
  ALTER_NODE,
  CREATE_NODE,
  DESCRIBE_NODE,
  DESCRIBE_PATH,
  DROP_NODE,
  LIST_DIRECTORY,
  LIST_ENDPOINTS,
  LOGIN,
  type Method,
  SESSION,
  WHO_AM_I,
  YDB_METHODS,
} from './services.ts'
export type { Issue } from './session/issue.ts'
export {
  type AcquireSemaphore,
  type ChangeNumber,
  type CreateSemaphore,
  decodeSessionRequest,
  type DeleteSemaphore,
  type DescribeSemaphore,
  type EmptyRequest,
  type Ping,
  type Pong,
  type ReleaseSemaphore,
  type RetiredRequest,
  type SemaphoreRequest,
  type SessionRequest,
  type SessionStart,
  type SessionStop,
  type UpdateSemaphore,
} from './session/request.ts'
export { writeSessionRequest } from './session/request-writer.ts'
export { decodeSessionResponse } from './session/response-reader.ts'
export {
  type AcquirePending,
  type AcquireResult,
  type CreateResult,
  type DeleteResult,
  type DescribeChanged,
  type DescribeResult,
  type EmptyResponse,
  type Failure,
  type HolderMessage,
  type ReleaseResult,
  type RetiredResponse,
  type SemaphoreMessage,
  type SessionResponse,
  type SessionStarted,
  type SessionStopped,
  type UpdateResult,
  writeSessionResponse,
} from './session/response.ts'
export { encodeSessionRequest, encodeSessionResponse } from './session/encode.ts'
export { WireError } from './wire-error.ts'
export { FRAME_HEADER_BYTES, FrameBuffer, FrameError, frameOf } from './grpc-frames.ts'
export { WireWriter } from './wire-writer.ts'
export { decodeClientFrame } from './tenure/client-reader.ts'
export { writeClientMessage } from './tenure/client-writer.ts'
export { encodeClientFrame, encodeServerFrame } from './tenure/encode.ts'
export { decodeServerFrame } from './tenure/server-reader.ts'
export { writeServerMessage } from './tenure/server-writer.ts'
export type {
  AttachSession,
  ClientHello,
  ClientMessage,
  ConnectionPing,
  ForgetRequest,
  LeaveSession,
  NodeAsk,
  NodeQuestion,
  NodeSettings,
  SessionAsk,
  StopSession,
} from './tenure/client-message.ts'
export type {
  AcquireOperation,
  Compare,
  DescribeOperation,
  Fence,
  KeyRange,
  RangeRecordsOperation,
  RecordOperation,
  SemaphoreOperation,
  SessionOperation,
  TransactOperation,
  TransactStep,
} from './tenure/operation.ts'
export type {
  AppendTaskOperation,
  HandleThemeOperation,
  OpenTaskOperation,
  TaskIdMessage,
  TaskOperation,
  TaskQuestion,
  TaskStateName,
  ThemeMessage,
} from './tenure/task-operation.ts'
export type {
  TaskHandedOutReply,
  TaskReply,
  TaskViewMessage,
  ThemeViewMessage,
} from './tenure/task-reply.ts'
export { codeNumber, codeOf } from './tenure/code.ts'
export { CAPABILITY, CONNECT_PATH, HANDLE_PATH, PROTOCOL_VERSION } from './tenure/protocol.ts'
export type {
  CodeName,
  HoldingMessage,
  NodeMessage,
  Notice,
  RecordChangeMessage,
  RecordMessage,
  Reply,
  ServerAnswer,
  ServerHello,
  ServerMessage,
  SessionElsewhere,
  SessionEnded,
  SessionMessage,
  SessionNotice,
  WatchShown,
} from './tenure/server-message.ts'
