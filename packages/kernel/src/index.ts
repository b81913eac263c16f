/** The law of a coordination node: what can be asked, what is said, what is kept. */
export type { Change, SessionId, StreamId } from './asked.ts'
export { MAX_U64 } from './command.ts'
export type { HolderDescription, SemaphoreDescription } from './description.ts'
export type {
  Acquire,
  AlterNode,
  Attach,
  Command,
  ConsistencyMode,
  CountersMode,
  CreateNode,
  CreateSemaphore,
  DeleteSemaphore,
  DescribeNode,
  DescribeSemaphore,
  Detach,
  DropNode,
  NodeCommand,
  NodeConfig,
  Release,
  SemaphoreCommand,
  SessionCommand,
  Stop,
  UpdateSemaphore,
} from './command.ts'
export type {
  Acquired,
  Attached,
  Changed,
  Done,
  Ended,
  Event,
  NodeDescribed,
  NotAcquired,
  Pending,
  RefusalCode,
  Refused,
  Released,
  SemaphoreDescribed,
  SemaphoreShown,
  Stopped,
} from './event.ts'
export type {
  CheckToken,
  EndSession,
  ExplainSemaphore,
  ForceRelease,
  ListSessions,
  OperatorCommand,
} from './operator-command.ts'
export type {
  Holding,
  OperatorEvent,
  Revoked,
  SemaphoreExplained,
  SessionDescription,
  SessionsListed,
  TokenChecked,
} from './operator-event.ts'
export { NO_LEASE_ID } from './records/command.ts'
export type {
  CasRecord,
  Compare,
  CreateRecord,
  DeleteRecord,
  DescribeLease,
  Fence,
  ForgetRequest,
  GetRecord,
  GrantLease,
  KeepLease,
  KeyRange,
  Operation,
  PutRecord,
  RangeRecords,
  RecordCommand,
  ReleaseLease,
  Transact,
  WaitRecord,
  WatchRecords,
} from './records/command.ts'
export type {
  LeaseDescribed,
  LeaseEnded,
  LeaseGranted,
  RecordChange,
  RecordDeleted,
  RecordEvent,
  RecordRead,
  RecordsChanged,
  RecordsListed,
  RecordView,
  RecordWritten,
  Transacted,
} from './records/event.ts'
export { UNBOUNDED_REPEATS } from './log/command.ts'
export type {
  AppendTask,
  ConfigureTheme,
  DeleteTask,
  DropTask,
  HandleTheme,
  ListTasks,
  ListThemes,
  LogCommand,
  LogQuestion,
  OpenTask,
  ReadTask,
  ReplaceTask,
  RequeueTask,
  ShowTask,
  StopHandling,
  StoreTask,
  TakeTask,
  TaskId,
  TaskState,
  ThemeConfig,
} from './log/command.ts'
export type {
  LogEvent,
  TaskHandedOut,
  TaskOpened,
  TaskRecords,
  TaskShown,
  TasksListed,
  TaskView,
  ThemesListed,
  ThemeView,
} from './log/event.ts'
export type { Found, Reading } from './reading.ts'
export type { LogStatistics } from './log/log.ts'
export {
  epochsAbove,
  INCARNATION_MAX,
  inIncarnation,
  nextEpochsAbove,
  nextIncarnation,
} from './incarnation.ts'
export { InvariantError } from './invariant.ts'
export { Kernel } from './kernel.ts'
export type { KernelStatistics } from './kernel.ts'
export { DEFAULT_LIMITS } from './limits.ts'
export type { Limits } from './limits.ts'
export { KEY_RANGE_ALL, KEY_RANGE_LOADED, NODE_KEY, recordKey } from './rows/keys.ts'
export type { KeyBounds } from './rows/keys.ts'
export { decodeNodeConfig } from './rows/node-row.ts'
export { decodeRecordValue } from './rows/record-row.ts'
export { THEMES_KEY } from './rows/task-keys.ts'
export { decodeThemes } from './rows/themes-row.ts'
export type { Step } from './step.ts'
export type { Delete, DeleteRange, Entry, Put, Write, WriteSet } from './write-set.ts'
