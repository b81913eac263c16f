/**
 * One coordination node as a deterministic state machine.
 *
 * The same commands at the same times give the same events and writes, bit for bit. This file is the root: it finds out
 * whom a command is for and what ends with a session or with the node; what the commands do is in the machines beside it.
 */
import { Acquiring } from './acquire.ts'
import type {
  AlterNode,
  Attach,
  Command,
  CreateNode,
  CreateSemaphore,
  DeleteSemaphore,
  Detach,
  NodeCommand,
  NodeConfig,
  SemaphoreCommand,
  Stop,
  UpdateSemaphore,
} from './command.ts'
import {
  isLogCommand,
  isLogQuestion,
  isNodeCommand,
  isOperatorCommand,
  isRecordCommand,
} from './command-kind.ts'
import { Counters } from './counters.ts'
import { Deadlines } from './deadlines.ts'
import type { SemaphoreShown } from './event.ts'
import type { Holder } from './holder.ts'
import { countersBefore } from './incarnation.ts'
import { invariant } from './invariant.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { Limits } from './limits.ts'
import type { LogCommand, LogQuestion, ThemeConfig } from './log/command.ts'
import { Log } from './log/log.ts'
import type { LogStatistics } from './log/log.ts'
import { effectiveGraceMs, mergeNodeConfig, problemOfNodeConfig } from './node.ts'
import type { OperatorCommand } from './operator-command.ts'
import { Operators } from './operators.ts'
import { Outside } from './outside.ts'
import { Queues } from './queue.ts'
import type { Found, Reading } from './reading.ts'
import type { RecordCommand } from './records/command.ts'
import { RecordLease } from './records/leases.ts'
import { Records } from './records/records.ts'
import { Restore } from './restore.ts'
import type { Root } from './root.ts'
import { encodeCounters } from './rows/counters-row.ts'
import { COUNTERS_KEY, KEY_RANGE_CONTENT, NODE_KEY } from './rows/keys.ts'
import { encodeNodeConfig } from './rows/node-row.ts'
import { Semaphores } from './semaphore.ts'
import { Session, Sessions } from './session.ts'
import { Turn } from './step.ts'
import type { Step } from './step.ts'
import { Watches } from './watches.ts'
import type { Entry, Write } from './write-set.ts'

export interface KernelStatistics extends LogStatistics {
  readonly exists: boolean
  readonly sessions: number
  readonly attachedSessions: number
  readonly semaphores: number
  readonly owners: number
  readonly waiters: number
  readonly watches: number
  readonly records: number
  /** Of all keys and values, wherever these are. */
  readonly recordBytes: number
  /** Of the values in memory. */
  readonly valueMemoryBytes: number
  readonly recordLeases: number
  /** Waits and watches of records. */
  readonly recordWatches: number
}

/**
 * Byte arrays in commands must stay as they are after `apply`, and so must those in events: the state refers to them.
 */
export class Kernel {
  readonly #root: Root
  readonly #watches: Watches
  readonly #queues: Queues
  readonly #semaphores: Semaphores
  readonly #records: Records
  readonly #log: Log
  readonly #sessions: Sessions
  readonly #acquiring: Acquiring
  readonly #operators: Operators
  /** null once loading has ended. */
  #restore: Restore | null
  /** null while the node does not exist. */
  #config: NodeConfig | null = null

  constructor(limits: Partial<Limits> = {}) {
    const root = {
      limits: { ...DEFAULT_LIMITS, ...limits },
      turn: new Turn(),
      counters: new Counters(),
      outside: new Outside(),
      deadlines: new Deadlines<Session | Holder | RecordLease>(),
    }
    const watches = new Watches(root)
    const queues = new Queues(root)
    const semaphores = new Semaphores(root, queues, watches)
    const records = new Records(root, semaphores)
    const log = new Log(root)
    const sessions = new Sessions(root, { watches, records, log })
    this.#root = root
    this.#watches = watches
    this.#queues = queues
    this.#semaphores = semaphores
    this.#records = records
    this.#log = log
    this.#sessions = sessions
    this.#acquiring = new Acquiring(root, { semaphores, queues, watches })
    const expire = (session: Session): void => this.#end(session)
    this.#operators = new Operators(root, { sessions, semaphores, queues, expire })
    this.#restore = new Restore({
      counters: root.counters,
      sessions,
      semaphores,
      queues,
      records,
      log,
    })
  }

  /**
   * Takes back one stored entry. Entries come in the order of their keys, and only before `start`.
   *
   * @throws InvariantError when the entry cannot be understood, or contradicts an earlier one
   */
  load(entry: Entry): void {
    invariant(this.#restore !== null, 'I-11')
    this.#restore.load(entry)
  }

  /**
   * Ends loading: sessions come back detached, with their whole timeout plus the node's grace period from `nowMs`.
   *
   * @param term the epoch of the partition: it stands in the ids of tasks, and says where the counters of a new node begin
   * @throws InvariantError when the entries contradict each other
   */
  start(nowMs: number, term: bigint = 1n): void {
    invariant(this.#restore !== null, 'I-11')
    this.#root.turn.begin(nowMs)
    if (!this.#restore.hasCounters) this.#root.counters.begin(countersBefore(term))
    this.#config = this.#restore.finish()
    this.#restore = null
    this.#records.watches.start(this.#root.counters.lastCommit)
    this.#log.start(term)
    if (this.#config === null) return
    this.#sessions.start(effectiveGraceMs(this.#config))
    this.#records.leases.start(effectiveGraceMs(this.#config))
  }

  /**
   * Tells of the world outside, for the steps to come.
   *
   * @param wallMs since 1970; may go back
   * @param chance 32 random bits
   */
  outside(wallMs: number, chance: number): void {
    this.#root.outside.set(wallMs, chance)
  }

  /**
   * Does what is asked. Nothing else happens, even if it is overdue: that is for `advance`.
   *
   * @param nowMs must not go back
   * @throws InvariantError for a bug, never for anything a client can cause
   */
  apply(command: Command, nowMs: number): Step {
    invariant(this.#restore === null, 'I-11')
    this.#root.turn.begin(nowMs)
    if (isNodeCommand(command)) this.#doOnNode(command)
    else if (isOperatorCommand(command)) this.#operate(command)
    else if (isLogQuestion(command)) this.#askLog(command)
    else if (command.kind === 'attach') this.#attach(command)
    else if (command.kind === 'detach') this.#detach(command)
    else this.#doInSession(command)
    this.#log.settle()
    return this.#root.turn.end()
  }

  /** Does all whose time has come, in the order of time: sessions and record leases expire, waiters give up. */
  advance(nowMs: number): Step {
    invariant(this.#restore === null, 'I-11')
    const { turn, deadlines } = this.#root
    turn.begin(nowMs)
    for (let due = deadlines.takeDue(nowMs); due !== null; due = deadlines.takeDue(nowMs)) {
      if (due instanceof Session) this.#end(due)
      else if (due instanceof RecordLease) this.#records.leases.expire(due)
      else this.#acquiring.giveUp(due)
    }
    this.#log.advance()
    this.#log.settle()
    return turn.end()
  }

  /** Takes in what was read for a reading of an earlier step. */
  supply(reading: Reading, found: Found, nowMs: number): Step {
    const { turn } = this.#root
    turn.begin(nowMs)
    this.#log.supply(reading, found)
    this.#log.settle()
    return turn.end()
  }

  /** When `advance` has something to do next; Infinity when nothing is due ever. */
  nextDeadlineMs(): number {
    return Math.min(this.#root.deadlines.nextMs, this.#log.nextMs)
  }

  /** What standing watches see of all changes since this was last asked. Must not be told before the latest step is durable. */
  shown(): readonly SemaphoreShown[] {
    return this.#watches.takeShown(this.#semaphores)
  }

  /** What each commit needs besides the steps' writes: the counters, when any has moved since the last seal. */
  seal(): readonly Write[] {
    const { counters } = this.#root
    if (!counters.takeMoved()) return []
    return [{ kind: 'put', key: COUNTERS_KEY, value: encodeCounters(counters.next) }]
  }

  /** The latest commit of records or record leases; 0 before the first. */
  get commitNumber(): bigint {
    return this.#root.counters.lastCommit
  }

  /** Of the session log; another array after every change. */
  get themes(): readonly ThemeConfig[] {
    return this.#log.themes
  }

  /** All that was written up to this commit is durable: values may leave the memory, to be read back from there. */
  durableThrough(commit: bigint): void {
    this.#records.store.values.durableThrough(commit)
  }

  statistics(): KernelStatistics {
    return {
      exists: this.#config !== null,
      sessions: this.#sessions.size,
      attachedSessions: this.#sessions.attached,
      semaphores: this.#semaphores.size,
      owners: this.#queues.owners,
      waiters: this.#queues.waiters,
      watches: this.#watches.size,
      records: this.#records.store.size,
      recordBytes: this.#records.store.bytes,
      valueMemoryBytes: this.#records.store.values.bytes,
      recordLeases: this.#records.leases.size,
      recordWatches: this.#records.watches.size,
      ...this.#log.statistics(),
    }
  }

  #createNode(command: CreateNode): void {
    if (this.#refuseConfig(command)) return
    if (this.#config === null) this.#keepConfig(command.config)
    this.#sayDone(command)
  }

  #doOnNode(command: NodeCommand): void {
    if (command.kind === 'create-node') return this.#createNode(command)
    const config = this.#config
    if (config === null) return this.#refuseAbsentNode(command)
    switch (command.kind) {
      case 'describe-node': {
        const { stream, requestId } = command
        this.#root.turn.say({ kind: 'node-described', stream, requestId, config })
        break
      }
      case 'alter-node':
        if (this.#refuseConfig(command)) return
        this.#keepConfig(mergeNodeConfig(config, command.config))
        this.#sayDone(command)
        break
      case 'drop-node':
        this.#drop()
        this.#sayDone(command)
    }
  }

  #drop(): void {
    const { turn, deadlines } = this.#root
    this.#sessions.drop()
    this.#watches.clear()
    this.#semaphores.clear()
    this.#queues.clear()
    this.#records.drop()
    this.#log.drop()
    deadlines.clear()
    this.#config = null
    turn.deleteRange(KEY_RANGE_CONTENT.start, KEY_RANGE_CONTENT.end)
  }

  #operate(command: OperatorCommand): void {
    if (this.#config === null) this.#refuseAbsentNode(command)
    else this.#operators.do(command)
  }

  #askLog(command: LogQuestion): void {
    if (this.#config === null) this.#refuseAbsentNode(command)
    else this.#log.ask(command)
  }

  #attach(command: Attach): void {
    if (this.#config === null) this.#refuseAbsentNode(command)
    else this.#sessions.attach(command)
  }

  #detach({ stream, session: id }: Detach): void {
    const session = this.#sessions.find(id)
    if (session?.stream === stream) this.#sessions.detach(session)
  }

  #doInSession(command: SemaphoreCommand | RecordCommand | LogCommand | Stop): void {
    const session = this.#sessions.find(command.session)
    if (session === undefined) {
      const message = `session ${command.session} does not exist`
      return this.#root.turn.refuse(command, 'SESSION_EXPIRED', message)
    }
    if (session.stream !== command.stream) {
      const message = `session ${command.session} is not attached to this stream`
      return this.#root.turn.refuse(command, 'BAD_SESSION', message)
    }
    if (command.kind === 'forget' && this.#watches.forget(session, command.target)) return
    if (isRecordCommand(command)) return this.#records.do(session, command)
    if (isLogCommand(command)) return this.#log.do(session, command)
    switch (command.kind) {
      case 'stop': {
        const { stream, requestId } = command
        this.#records.stop(session)
        this.#end(session)
        this.#root.turn.say({ kind: 'stopped', stream, requestId, session: session.id })
        return
      }
      case 'create-semaphore':
      case 'update-semaphore':
      case 'delete-semaphore':
        return this.#change(session, command)
      case 'describe-semaphore':
        return this.#semaphores.describe(session, command)
      case 'acquire':
        return this.#acquiring.acquire(session, command)
      case 'release':
        return this.#acquiring.release(session, command)
    }
  }

  /** A change that was done before is answered as it was then, and not done again. */
  #change(session: Session, command: CreateSemaphore | UpdateSemaphore | DeleteSemaphore): void {
    const { turn } = this.#root
    const { stream, requestId, change } = command
    if (change !== undefined && session.changes !== null) {
      if (session.changes.has(change.serial)) return turn.say({ kind: 'done', stream, requestId })
      if (!session.changes.hasRoom) {
        const message = `session ${session.id} has too many changes between others that were refused`
        return turn.refuse(command, 'PRECONDITION_FAILED', message)
      }
    }
    if (this.#semaphores.change(command) && change !== undefined) {
      this.#sessions.keepChange(session, change)
    }
  }

  /** Stopped or expired: the session's watches end first, so that it hears nothing of its own leaving. */
  #end(session: Session): void {
    // Its tasks first: a step that is too large for one commit is cut further behind.
    this.#log.leave(session)
    this.#watches.dropOf(session)
    this.#acquiring.freeAll(session)
    this.#sessions.remove(session)
  }

  #keepConfig(config: NodeConfig): void {
    this.#config = config
    this.#root.turn.put(NODE_KEY, encodeNodeConfig(config))
  }

  #sayDone({ stream, requestId }: NodeCommand): void {
    this.#root.turn.say({ kind: 'done', stream, requestId })
  }

  #refuseAbsentNode(asked: { stream: number; requestId: bigint }): void {
    this.#root.turn.refuse(asked, 'NOT_FOUND', 'the node does not exist')
  }

  #refuseConfig(command: CreateNode | AlterNode): boolean {
    const problem = problemOfNodeConfig(command.config)
    if (problem !== null) this.#root.turn.refuse(command, 'INVALID_ARGUMENT', problem)
    return problem !== null
  }
}
