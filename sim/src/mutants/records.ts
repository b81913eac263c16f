/** Bugs of records, record leases and their watches: in the kernel, and in the client library. */
import type { Mutant } from './mutant.ts'

const COUNTERS = 'packages/kernel/src/counters.ts'
const HISTORY = 'packages/kernel/src/records/history.ts'
const KERNEL_LEASES = 'packages/kernel/src/records/leases.ts'
const PAGES = 'packages/kernel/src/records/pages.ts'
const RECORDS = 'packages/kernel/src/records/records.ts'
const WRITES = 'packages/kernel/src/records/writes.ts'
const TRANSACT = 'packages/kernel/src/records/transact.ts'
const CHANGES = 'packages/kernel/src/records/numbered-changes.ts'
const WATCHES = 'packages/kernel/src/records/watch.ts'
const BOOK = 'packages/client/src/storage/lease-book.ts'
const RANGE = 'packages/client/src/storage/range.ts'
const RECORD_WATCH = 'packages/client/src/storage/record-watch.ts'
const STORAGE_SESSION = 'packages/client/src/storage/storage-session.ts'
const OUTBOX = 'packages/client/src/session/outbox.ts'

const KEYS: readonly Mutant[] = [
  {
    name: 'the commit counter is not sealed',
    breaks: 'K1',
    file: COUNTERS,
    original: '    this.#moved = true\n    return ++this.#lastCommit',
    planted: '    return ++this.#lastCommit',
  },
  {
    name: 'a deletion takes no version',
    breaks: 'K1',
    file: RECORDS,
    original: `    const record = this.#findAt(command, command.ifVersion)
    if (record === null) return null
    const version = this.#root.counters.takeCommit()`,
    planted: `    const record = this.#findAt(command, command.ifVersion)
    if (record === null) return null
    const version = this.#root.counters.lastCommit`,
  },
  {
    name: 'the version of a record is not compared',
    breaks: 'K2',
    file: RECORDS,
    original:
      'if (record === null || version === null || record.state.version === version) return record',
    planted: 'if (record === null || version !== null || record.state.version > 0n) return record',
  },
  {
    name: 'a record that is there is made again',
    breaks: 'K2',
    file: RECORDS,
    original: `    if (existing !== undefined) {
      return this.#refuse(command, 'ALREADY_EXISTS', 'the record exists already', existing)
    }
    return this.#set(undefined, command, lease)`,
    planted: '    return this.#set(existing, command, lease)',
  },
  {
    name: 'the deletion of a record is not written',
    breaks: 'D2',
    file: WRITES,
    original: '    this.#root.turn.delete(recordKey(key))\n',
    planted: '',
  },
  {
    name: 'a fence is not looked at',
    breaks: 'X8',
    file: RECORDS,
    original: "    if ('fence' in command && this.#isFencedOut(command, command.fence)) return\n",
    planted: '',
  },
  {
    name: 'a write of records that was done is done again',
    breaks: 'L2',
    file: CHANGES,
    original: '    if (done !== undefined) {\n      this.#say(command, done)',
    planted: '    if (done !== undefined && done.version < 0n) {\n      this.#say(command, done)',
  },
  {
    name: 'what was done of records is not kept',
    breaks: 'L2',
    file: CHANGES,
    original:
      '    turn.put(recordChangeKey(session.id, change.serial), encodeRecordChange(done))\n',
    planted: '',
  },
  {
    name: 'only the first operation of a transaction is done',
    breaks: 'L4',
    file: TRANSACT,
    original:
      '    for (const operation of operations) {\n      const record = store.find(operation.key)',
    planted:
      '    for (const operation of operations.slice(0, 1)) {\n      const record = store.find(operation.key)',
  },
  {
    name: 'a held moment shows what came later',
    breaks: 'K2',
    file: PAGES,
    original: 'moment === null ? record.state : record.stateAt(moment.version)',
    planted: 'moment === null ? record.state : record.state',
  },
]

const LEASES: readonly Mutant[] = [
  {
    name: 'one record outlives its lease',
    breaks: 'K3',
    file: KERNEL_LEASES,
    original: '    for (const record of lease.records) {\n      this.#store.remove(record)',
    planted:
      '    for (const record of [...lease.records].slice(1)) {\n      this.#store.remove(record)',
  },
  {
    name: 'a kept lease runs down while its keeper is attached',
    breaks: 'K3',
    file: KERNEL_LEASES,
    original:
      '    if (command.keepAlive) this.#giveTo(lease, session)\n    else this.#runOut(lease, 0)',
    planted: '    if (command.keepAlive) this.#giveTo(lease, session)\n    this.#runOut(lease, 0)',
  },
  {
    name: 'a lease goes on running down when its keeper is back',
    breaks: 'K3',
    file: KERNEL_LEASES,
    original: '    for (const lease of session.leases) this.#root.deadlines.cancel(lease)\n',
    planted: '',
  },
  {
    name: 'a lease that nobody keeps any more lives for ever',
    breaks: 'K3',
    file: KERNEL_LEASES,
    original: '    for (const lease of session.leases) this.#runOut(lease, 0)\n',
    planted: '',
  },
  {
    name: 'leases get no grace after a restart',
    breaks: 'K3',
    file: KERNEL_LEASES,
    original: 'for (const lease of this.#byId.values()) this.#runOut(lease, graceMs)',
    planted: 'for (const lease of this.#byId.values()) this.#runOut(lease, graceMs * 0)',
  },
  {
    name: 'a lease that passes to a new session goes on running down',
    breaks: 'K3',
    file: KERNEL_LEASES,
    original: '      deadlines.cancel(lease)\n      this.#giveTo(lease, session)',
    planted: '      void deadlines\n      this.#giveTo(lease, session)',
  },
  {
    name: 'who keeps a lease is not written',
    breaks: 'K3',
    file: KERNEL_LEASES,
    original: 'keeper: keeper?.id ?? NO_SESSION }',
    planted: 'keeper: keeper === null ? NO_SESSION : NO_SESSION }',
  },
  {
    name: 'the leases of a lost session are not taken over',
    breaks: 'X7',
    file: BOOK,
    original: '    for (const term of this.#kept.values()) this.#keep(term)\n',
    planted: '    for (const term of this.#kept.values()) term.isConfirmed = true\n',
  },
  {
    name: 'a lease is believed in for ever',
    breaks: 'X7',
    file: BOOK,
    original: '      if (deadlineMs <= nowMs) this.#expire(term)\n      else nextMs',
    planted: '      if (deadlineMs > nowMs) nextMs',
  },
]

const SIGHTS: readonly Mutant[] = [
  {
    name: 'the history of records is cut inside a commit',
    breaks: 'W1',
    file: HISTORY,
    original: '    if (this.changes.length + changes.length > rangeRecordsMax) return false\n',
    planted:
      '    if (this.changes.length + changes.length > rangeRecordsMax) changes = changes.slice(0, rangeRecordsMax - this.changes.length)\n',
  },
  {
    name: 'a watch does not notice that its history is gone',
    breaks: 'W1',
    file: HISTORY,
    original: 'if (from < this.#begin) return',
    planted: 'if (from < 0n) return',
  },
  {
    name: 'a wait sleeps through a change',
    breaks: 'K4',
    file: WATCHES,
    original: '    if (this.#waits.size > 0) this.#answerWaits(changes)\n',
    planted: '    if (this.#waits.size > 1) this.#answerWaits(changes)\n',
  },
  {
    name: 'a wait for a version that has changed waits for the next',
    breaks: 'K4',
    file: RECORDS,
    original:
      '    if (record.state.version === command.version) this.watches.wait(session, command)',
    planted: '    if (record.state.version > 0n) this.watches.wait(session, command)',
  },
  {
    name: 'a watch skips what it was not told',
    breaks: 'W3',
    file: RECORD_WATCH,
    original: '          version = changed?.version ?? null\n',
    planted: '          version = changed === null ? null : changed.version + 1n\n',
  },
  {
    name: 'a lookout goes on after a reset as if nothing was missing',
    breaks: 'W3',
    file: RECORD_WATCH,
    original: '      return answer.reset ? null : answer',
    planted: '      return answer',
  },
  {
    name: 'pages of several moments are passed off as one',
    breaks: 'K2',
    file: RANGE,
    original: '    atVersion = page.version\n',
    planted: '    atVersion = atVersion < 0n ? page.version : 0n\n',
  },
  {
    name: 'a write whose outcome is unknown is sent in the next session',
    breaks: 'L2',
    file: STORAGE_SESSION,
    original: 'asking.isRepeatable !== true && call.attempts > 0\n    if (isOpen',
    planted: 'asking.isRepeatable !== true && call.attempts < 0\n    if (isOpen',
  },
  {
    name: 'writes of records have no numbers',
    breaks: 'L2',
    file: OUTBOX,
    original: '    if (isWrite(request)) return this.#numbered(call, request)\n',
    planted:
      "    if (isWrite(request) && !('key' in request)) return this.#numbered(call, request)\n",
  },
]

export const RECORD_MUTANTS: readonly Mutant[] = [...KEYS, ...LEASES, ...SIGHTS]
