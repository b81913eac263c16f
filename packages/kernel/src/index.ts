/** The law of a coordination node: what can be asked, what is said, what is kept. */
export { MAX_U64 } from './command.ts'
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
  SessionCommand,
  SessionId,
  Stop,
  StreamId,
  UpdateSemaphore,
} from './command.ts'
export type { Event, HolderDescription, RefusalCode, SemaphoreDescription } from './event.ts'
export type { KernelStatistics, Step } from './kernel.ts'
export type { Delete, DeleteRange, Entry, Put, Write, WriteSet } from './write-set.ts'
