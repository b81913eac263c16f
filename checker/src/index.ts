/**
 * The public door of the checker: it judges what was recorded of one object by the clients that used it.
 *
 *     const operations = semaphoreOperations(history)
 *     const verdict = check(semaphoreModel(limit), operations)
 *     if (verdict.kind !== 'linearizable') throw new Error(explain(verdict))
 *
 * A recorder gives each call and each answer a time of one clock, best of all the next number. An answer that never came is null,
 * and its time Infinity; whatever is known to bound it makes the verdict come sooner: the first answer that shows what was written
 * (`closeAtFirstRead`), the next answer to who asked (`closeAtNextAnswer`), and that a session ended (an `end` with an answer).
 * Many operations without an answer or a bound can make a history too hard to judge: the verdict is then `unknown`, and that is
 * not a pass.
 *
 * Models: a semaphore's data (`registerModel`), its queue (`semaphoreModel`), a key of the leased store (`recordModel`), a task of the
 * log (`logModel`). Each object has a history and a check of its own.
 */
export { check, STEPS_MAX } from './check.ts'
export type { CheckOptions } from './check.ts'
export { explain, PLACED_SHOWN_MAX } from './explain.ts'
export type { Impasse, Model, Operation, Verdict } from './history.ts'
export type { Holder, Holding, SemaphoreState, Sight } from './models/holders.ts'
export { logModel } from './models/log.ts'
export type { LogInput, LogOutput, LogState } from './models/log.ts'
export { recordModel, recordWriting } from './models/record.ts'
export type { RecordInput, RecordOutput, RecordState, Versioned } from './models/record.ts'
export { registerModel, registerWriting } from './models/register.ts'
export type { RegisterInput, RegisterOutput, RegisterState } from './models/register.ts'
export { semaphoreModel } from './models/semaphore.ts'
export type { SemaphoreInput, SemaphoreOutput } from './models/semaphore-operation.ts'
export { semaphoreOperations } from './models/semaphore-history.ts'
export type { SemaphoreAnswer, SemaphoreCall } from './models/semaphore-history.ts'
export { closeAtFirstRead, closeAtNextAnswer } from './unanswered.ts'
export type { Writing } from './unanswered.ts'
