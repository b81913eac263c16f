/** Any value of the types that messages are made of, the ends of their ranges often. */
import * as fc from 'fast-check'
import { TaskState } from '../../src/gen/tenure/v1/coordination_pb.ts'
import type {
  NodeSettings,
  SemaphoreMessage,
  TaskIdMessage,
  TaskStateName,
  ThemeMessage,
} from '../../src/index.ts'

const U64_EDGES = [0n, 127n, 128n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 53n + 1n]

export const u64: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.nat({ max: 300 }).map(BigInt),
  fc.constantFrom(...U64_EDGES, 2n ** 64n - 1n),
)
export const u32: fc.Arbitrary<number> = fc.oneof(
  fc.nat({ max: 300 }),
  fc.nat({ max: 2 ** 31 - 1 }),
  fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 32 - 1),
)
export const id: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom(127, 128, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 35, Number.MAX_SAFE_INTEGER),
)
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({ minLength: 60, maxLength: 200 }),
)
export const bytes: fc.Arbitrary<Uint8Array> = fc
  .uint8Array({ maxLength: 300 })
  .map((data) => Uint8Array.from(data))
export const flag: fc.Arbitrary<boolean> = fc.boolean()

const consistency = fc.constantFrom('unset' as const, 'strict' as const, 'relaxed' as const)
export const settings: fc.Arbitrary<NodeSettings> = fc.record({
  selfCheckPeriodMs: u32,
  sessionGracePeriodMs: u32,
  readConsistency: consistency,
  attachConsistency: consistency,
  rateLimiterCounters: fc.constantFrom('unset', 'aggregated', 'detailed'),
})

const holder = fc.record({
  orderId: u64,
  sessionId: u64,
  timeoutMs: u64,
  count: u64,
  data: bytes,
})
export const semaphore: fc.Arbitrary<SemaphoreMessage> = fc.record({
  name: text,
  data: bytes,
  count: u64,
  limit: u64,
  ephemeral: flag,
  owners: fc.array(holder, { maxLength: 3 }),
  waiters: fc.array(holder, { maxLength: 3 }),
})

export const taskId: fc.Arbitrary<TaskIdMessage> = fc.record({ term: u64, index: u64 })
export const taskState: fc.Arbitrary<TaskStateName> = fc.constantFrom('active', 'stored', 'dead')
export const theme: fc.Arbitrary<ThemeMessage> = fc.record({
  theme: u32,
  name: text,
  handler: text,
  handlerSeconds: u32,
  delaySeconds: u32,
  jitterSeconds: u32,
  concurrency: u32,
  repeatsMax: u32,
  taskBytesMax: u32,
})

/** The same settings as the generated code has them. */
export function generatedSettings(config: NodeSettings): object {
  const modes = ['unset', 'strict', 'relaxed']
  const counters = ['unset', 'aggregated', 'detailed']
  return {
    ...config,
    readConsistency: modes.indexOf(config.readConsistency),
    attachConsistency: modes.indexOf(config.attachConsistency),
    rateLimiterCounters: counters.indexOf(config.rateLimiterCounters),
  }
}

/** States of a task as the generated code has them. */
export const TASK_STATES: Readonly<Record<TaskStateName, TaskState>> = {
  active: TaskState.ACTIVE,
  stored: TaskState.STORED,
  dead: TaskState.DEAD,
}
