/** The public door of this room: each name that others may use. */
export {
  ACQUIRE_TIMEOUT_MAX_MS,
  type Count,
  COUNT_MAX,
  DATA_MAX_BYTES,
  DESCRIPTION_MAX_BYTES,
  NAME_MAX_BYTES,
  PROTECTION_KEY_MAX_BYTES,
  SESSION_TIMEOUT_MAX_MS,
  SESSION_TIMEOUT_MIN_MS,
} from './arguments.ts'
export type { Bytes } from './bytes.ts'
export { Client, clientOver, type CloseOnSignalsOptions, type Surroundings } from './client.ts'
export { type Clock, systemClock, type Timer } from './clock.ts'
export { connectServer, type ConnectServerOptions, type ProtocolChoice } from './connect-server.ts'
export { parseConnectionString, type ServerAddress } from './connection-string.ts'
export { type Credentials, credentialsFrom, tlsFrom, type TlsOptions } from './credentials.ts'
export {
  AbortedError,
  AcquireTimeoutError,
  AlreadyExistsError,
  AlreadyRegisteredError,
  BadSessionError,
  ClientClosedError,
  type ErrorCode,
  type ErrorDetails,
  errorOf,
  FencedError,
  InternalError,
  InvalidArgumentError,
  type Issue,
  LeaseReleasedError,
  NotFoundError,
  NotParticipantError,
  OverloadedError,
  PreconditionFailedError,
  SemaphoreLimitMismatchError,
  SessionClosedError,
  SessionExpiredError,
  StaleAttemptError,
  TaskClosedError,
  TaskLostError,
  TaskTooLargeError,
  TenureError,
  TimeoutError,
  UnauthorizedError,
  UnavailableError,
  UnknownThemeError,
  UnsupportedError,
  WrongLeaseError,
  WrongVersionError,
} from './errors.ts'
export { Lease } from './lease.ts'
export type {
  AcquireRequest,
  Answer,
  Attachment,
  AttachmentEnd,
  AttachmentListener,
  AttachRequest,
  ChangeNumber,
  CreateRequest,
  DeleteRequest,
  DescribeRequest,
  Description,
  Holder,
  Link,
  News,
  OperatorAnswer,
  OperatorQuestion,
  RecordAnswer,
  Refusal,
  RefusalCode,
  ReleaseRequest,
  Request,
  SemaphoreRequest,
  Started,
  TaskAnswer,
  UpdateRequest,
} from './link/link.ts'
export type {
  CallError,
  CallHeaders,
  Channel,
  Dial,
  MessageStream,
  MessageStreamListener,
  PendingCall,
  UnaryRequest,
} from './link/grpc/channel.ts'
export type { LinkOptions } from './link/grpc/ground.ts'
export { askedByOperator } from './link/operator-words.ts'
export { ServerLink } from './link/server-link.ts'
export { socketLink, type SocketLinkOptions } from './link/socket/socket-link.ts'
export { TenureLink } from './link/tenure/link.ts'
export { YdbLink } from './link/ydb/link.ts'
export type { ConsistencyMode, NodeConfig, NodeDescription } from './node.ts'
export type { ExplainedHolder, Explanation, HoldingInfo, SessionInfo } from './operators.ts'
export { TASK_DELAY_MAX_SECONDS, TASK_RECORD_MAX_BYTES, THEME_MAX } from './pipe/arguments.ts'
export type { HandOut, TaskHandler } from './pipe/hand-out.ts'
export type { ListTasksOptions } from './pipe/inventory.ts'
export { type HandleOptions, Pipe, type RequeueOptions } from './pipe/pipe.ts'
export {
  type HandlersServing,
  serveHandlers,
  type ServeHandlersOptions,
} from './pipe/serve-handlers.ts'
export { Task } from './pipe/task.ts'
export { TaskId, type TaskReference } from './pipe/task-id.ts'
export type { ShownTask, TaskInfo, TaskState } from './pipe/task-info.ts'
export type { ThemeInfo, ThemeOptions } from './pipe/theme-options.ts'
export { ThemeWorker } from './pipe/worker.ts'
export { type Random, systemRandom } from './random.ts'
export { Barrier, DoubleBarrier } from './recipes/barrier.ts'
export { Config, type PublishOptions } from './recipes/config.ts'
export { type Codec, jsonCodec } from './recipes/codec.ts'
export { type CodedElectionOptions, Election, type ElectionOptions } from './recipes/election.ts'
export type { ElectionSession } from './recipes/election-session.ts'
export { Leadership } from './recipes/leadership.ts'
export { observe } from './recipes/observe-election.ts'
export type { Leader, LeadershipState } from './recipes/election-observer.ts'
export type { ElectionOperation, ElectionRunOptions, Overrun } from './recipes/election-run.ts'
export {
  type ElectionRole,
  ElectionState,
  StateFollower,
  StateLeader,
  StateUnknown,
} from './recipes/election-state.ts'
export { type ElectionNotice, ElectionWatcher } from './recipes/election-watcher.ts'
export { FencingGate, type FencingStore, MemoryFencingStore } from './recipes/fencing-gate.ts'
export { type Lock, Mutex } from './recipes/mutex.ts'
export { type Endpoint, Registry, RegistryEntry } from './recipes/registry.ts'
export { type ReadLock, RwLock, type WriteLock } from './recipes/rwlock.ts'
export { waitForever } from './recipes/wait-forever.ts'
export type { TaskLease, WorkerTask } from './recipes/worker-task.ts'
export { TASKS_MAX } from './recipes/workers.ts'
export type { WorkersOptions } from './recipes/worker-options.ts'
export {
  type AcquireOptions,
  type CreateOptions,
  type DeleteOptions,
  type DescribeOptions,
  Semaphore,
  type SemaphoreDescription,
  type SemaphoreOptions,
  type TryAcquireOptions,
  type WatchOptions,
} from './semaphore.ts'
export { Session, type SessionOptions, type SessionState } from './session.ts'
export {
  type Fence,
  type FenceOptions,
  type LeaseReference,
  NO_LEASE_ID,
  VALUE_MAX_BYTES,
} from './storage/arguments.ts'
export { KEY_MAX_BYTES, type KeyRange, prefix } from './storage/keys.ts'
export { LEASE_TTL_MAX_MS, Lessor, type NewLeaseOptions } from './storage/lessor.ts'
export { Locker } from './storage/locker.ts'
export { RecordLease } from './storage/record-lease.ts'
export type { RecordChange, WatchBatch } from './storage/record-watch.ts'
export type { Key, Record } from './storage/record.ts'
export {
  type ChangedRecord,
  type DeleteRecordOptions,
  type NewRecord,
  type RangeOptions,
  type RecordWatchOptions,
  Storage,
} from './storage/storage.ts'
export {
  type Compare,
  type Op,
  type Transaction,
  TRANSACTION_MAX_BYTES,
  type TransactResult,
} from './storage/transaction.ts'
