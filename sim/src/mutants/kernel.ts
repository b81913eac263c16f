/** Bugs of the kernel: what a node decides, and what it keeps. */
import type { Mutant } from './mutant.ts'

const ACQUIRE = 'packages/kernel/src/acquire.ts'
const COUNTERS = 'packages/kernel/src/counters.ts'
const KERNEL = 'packages/kernel/src/kernel.ts'
const QUEUE = 'packages/kernel/src/queue.ts'
const RESTORE = 'packages/kernel/src/restore.ts'
const SEMAPHORE = 'packages/kernel/src/semaphore.ts'
const WATCHES = 'packages/kernel/src/watches.ts'
const SESSION = 'packages/kernel/src/session.ts'

const QUEUES: readonly Mutant[] = [
  {
    name: 'units that are granted are not counted',
    breaks: 'X1',
    file: QUEUE,
    original: '    semaphore.held += first.count\n',
    planted: '',
  },
  {
    name: 'the last waiter is granted first',
    breaks: 'X3',
    file: QUEUE,
    original: `      let first = semaphore.waiters.first;
      first !== null && first.count <= semaphore.free;
      first = semaphore.waiters.first`,
    planted: `      let first = semaphore.waiters.last;
      first !== null && first.count <= semaphore.free;
      first = semaphore.waiters.last`,
  },
  {
    name: 'a small waiter overtakes a big one',
    breaks: 'X3',
    file: QUEUE,
    original: `      let first = semaphore.waiters.first;
      first !== null && first.count <= semaphore.free;
      first = semaphore.waiters.first`,
    planted: `      let first = [...semaphore.waiters].find((one) => one.count <= semaphore.free) ?? null;
      first !== null;
      first = [...semaphore.waiters].find((one) => one.count <= semaphore.free) ?? null`,
  },
  {
    name: 'a wait goes on behind its grant',
    breaks: 'X1',
    file: QUEUE,
    original: '      this.#root.deadlines.cancel(first)\n      this.own(first)',
    planted: '      this.own(first)',
  },
  {
    name: 'a waiter gives up too early',
    breaks: 'X5',
    file: QUEUE,
    original: 'else deadlines.set(holder, turn.nowMs + timeoutMs)',
    planted: 'else deadlines.set(holder, turn.nowMs + timeoutMs / 2)',
  },
  {
    name: 'a waiter never gives up',
    breaks: 'X5',
    file: QUEUE,
    original: 'if (timeoutMs > limits.acquireTimeoutMaxMs) deadlines.cancel(holder)',
    planted: 'if (timeoutMs > 0) deadlines.cancel(holder)',
  },
  {
    name: 'a grant is not written',
    breaks: 'D2',
    file: QUEUE,
    original: '      this.keep(first)\n',
    planted: '',
  },
  {
    name: 'a release is not written',
    breaks: 'D2',
    file: QUEUE,
    original:
      '    this.#root.turn.delete(holderKey(semaphore.name, semaphore.nameBytes, session.id))\n',
    planted: '',
  },
  {
    name: 'whoever asks once enters the queue',
    breaks: 'X5',
    file: ACQUIRE,
    original: 'if (timeoutMs === 0n && (semaphore.waiters.size > 0 || count > semaphore.free)) {',
    planted: 'if (timeoutMs < 0n) {',
  },
  {
    name: 'a release wakes nobody',
    breaks: 'X3',
    file: ACQUIRE,
    original: '    this.#semaphores.settle(semaphore, holder.owns)\n',
    planted: '    if (semaphore.isUnused) this.#semaphores.settle(semaphore, holder.owns)\n',
  },
  {
    name: 'the waits of a session outlive it',
    breaks: 'S2',
    file: ACQUIRE,
    original: `    for (const holder of session.holders.values()) {
      this.#queues.leave(holder)`,
    planted: `    for (const holder of session.holders.values()) {
      if (!holder.owns) continue
      this.#queues.leave(holder)`,
  },
  {
    name: 'what is asked for again gets a new token',
    breaks: 'X4',
    file: ACQUIRE,
    original: '    this.#queues.sayAcquired(holder)\n',
    planted: `    Object.assign(holder, { orderId: this.#root.counters.takeOrder() })
    this.#queues.sayAcquired(holder)\n`,
  },
  {
    name: 'a part that is given back stays taken',
    breaks: 'X3',
    file: ACQUIRE,
    original: '      semaphore.held -= holder.count - command.count\n',
    planted: '',
  },
]

const NUMBERS: readonly Mutant[] = [
  {
    name: 'tokens are counted on from the last entry after a restart',
    breaks: 'X2',
    file: RESTORE,
    original: "    invariant(lastOrderId < counters.next.nextOrder, 'I-4', 'order', lastOrderId)\n",
    planted: '    counters.restore({ ...counters.next, nextOrder: lastOrderId + 1n })\n',
  },
  {
    name: 'the token counter is not sealed',
    breaks: 'X2',
    file: COUNTERS,
    original: '    this.#moved = true\n    return this.#nextOrder++',
    planted: '    return this.#nextOrder++',
  },
  {
    name: 'the session counter is not sealed',
    breaks: 'S6',
    file: COUNTERS,
    original: '    this.#moved = true\n    return this.#nextSession++',
    planted: '    return this.#nextSession++',
  },
]

const SESSIONS: readonly Mutant[] = [
  {
    name: 'no grace after a restart',
    breaks: 'S3',
    file: KERNEL,
    original: 'this.#sessions.start(effectiveGraceMs(this.#config))',
    planted: 'this.#sessions.start(0)',
  },
  {
    name: 'a session expires too early',
    breaks: 'S1',
    file: SESSION,
    original: 'deadlines.set(session, turn.nowMs + session.timeoutMs + graceMs)',
    planted: 'deadlines.set(session, turn.nowMs + session.timeoutMs / 2 + graceMs)',
  },
  {
    name: 'a session expires although it came back',
    breaks: 'S1',
    file: SESSION,
    original: '    deadlines.cancel(session)\n    const old',
    planted: '    const old',
  },
  {
    name: 'sessions never expire',
    breaks: 'S2',
    file: KERNEL,
    original: 'if (due instanceof Session) this.#end(due)',
    planted: 'if (due instanceof Session) continue',
  },
  {
    name: 'the end of a session is not written',
    breaks: 'S2',
    file: SESSION,
    original: '    this.#root.turn.delete(sessionKey(session.id))\n',
    planted: '',
  },
  {
    name: 'an older stream takes a session over',
    breaks: 'S6',
    file: SESSION,
    original:
      'if (session.sequenceNumber !== null && command.sequenceNumber < session.sequenceNumber) {',
    planted: 'if (session.sequenceNumber !== null && command.sequenceNumber < 0n) {',
  },
  {
    name: 'a stream whose session was taken is not told',
    breaks: 'S6',
    file: SESSION,
    original:
      "    if (old !== null && old !== command.stream) this.sayEnded(session, old, 'taken')\n",
    planted: '',
  },
]

const SEMAPHORES: readonly Mutant[] = [
  {
    name: 'nobody hears of new data',
    breaks: 'W1',
    file: SEMAPHORE,
    original: '    if (changed) this.#watches.tell(name, DATA_CHANGED)\n',
    planted: '',
  },
  {
    name: 'a watch that stands is shown one change only',
    breaks: 'W3',
    file: WATCHES,
    original: '      view.isDue = false\n',
    planted: '',
  },
  {
    name: 'nobody hears of an owner who leaves',
    breaks: 'W1',
    file: SEMAPHORE,
    original: 'else if (ownersChanged || granted) this.#watches.tell(',
    planted: 'else if (granted) this.#watches.tell(',
  },
  {
    name: 'an ephemeral semaphore stays without owners',
    breaks: 'S2',
    file: SEMAPHORE,
    original: 'if (semaphore.ephemeral && semaphore.isUnused) this.#remove(semaphore)\n    else if',
    planted: 'if',
  },
  {
    name: 'new data are not written',
    breaks: 'D2',
    file: SEMAPHORE,
    original: '      semaphore.data = data\n      this.#keep(semaphore)',
    planted: '      semaphore.data = data',
  },
  {
    name: 'what exists is created again',
    breaks: 'L1',
    file: SEMAPHORE,
    original: '    if (existing !== undefined) {',
    planted: '    if (existing?.ephemeral === true) {',
  },
  {
    name: 'a forced delete leaves its waiters without a word',
    breaks: 'O2',
    file: SEMAPHORE,
    original: '      this.#queues.abort(holder, `${quoted(semaphore.name)} was deleted`)\n',
    planted: '',
  },
]

/** What has been done already. */
const CHANGES: readonly Mutant[] = [
  {
    name: 'a change that is asked again is done again',
    breaks: 'L2',
    file: KERNEL,
    original: 'if (session.changes.has(change.serial)) return',
    planted: 'if (session.changes.has(change.serial + 1_000_000n)) return',
  },
  {
    name: 'the memory of changes is not stored',
    breaks: 'L2',
    file: SESSION,
    original: 'this.#root.turn.put(changesKey(session.id), encodeChanges(session.changes.runs))',
    planted: '',
  },
]

export const KERNEL_MUTANTS: readonly Mutant[] = [
  ...QUEUES,
  ...NUMBERS,
  ...SESSIONS,
  ...SEMAPHORES,
  ...CHANGES,
]
