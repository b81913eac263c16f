/**
 * The contract of everything that is compared: ours and the rivals alike.
 *
 * A subject has two halves. The main process starts and stops its server; the load process visits it and makes the load.
 */
import type { Delivered, WorkloadName } from '../measurement.ts'

export interface Subject {
  /** Short, for the command line: `redis`. */
  readonly id: string
  /** For people: `Redis SET NX + Lua`. */
  readonly title: string
  readonly family: 'tenure' | 'rival'
  /** Whether an answer means that the change is on the disk. */
  readonly durable: boolean
  /** What was configured, what exactly is durable, and what one participant is. */
  readonly settings: string
  /** The workloads that this subject takes part in. */
  readonly workloads: ReadonlySet<WorkloadName>
  /** Fewer idle sessions than planned, where each needs too much; absent without such a bound. */
  readonly idleMax?: number
  /** @throws AbsentError when a program is not installed */
  start(folder: string): Promise<Running>
  /** Called in the load process with the address of `Running`. */
  visit(address: string): Promise<Visitor>
}

/** A started subject. */
export interface Running {
  readonly address: string
  /** null when the subject lives in the load process. */
  readonly pid: number | null
  readonly version: string
  stop(ask?: NodeJS.Signals): Promise<void>
}

/** The load process's side of a subject: what its workloads need. */
export interface Visitor {
  /** Parties that exclude each other. */
  lockers?(count: number): Promise<Locker[]>
  /** Parties that all watch one value; `seen` is called once for each of them that saw a version. */
  board?(watchers: number, seen: (version: number) => void): Promise<Board>
  /** Parties that each have cells of their own, filled. */
  cells?(count: number): Promise<Cell[]>
  /** Parties that each write a log of their own, in records of one size. */
  writers?(count: number, recordBytes: number): Promise<Writer[]>
  /** A queue with workers that do nothing but end their jobs. */
  queue?(terms: QueueTerms): Promise<JobQueue>
  /** The one writer of a store, which commits so many rows at a time. */
  committer?(rows: number): Promise<Committer>
  /** Takes all stored tasks of a theme as they become due; `pid` is the server, whose memory is looked at. */
  deliver?(theme: number, pid: number): Promise<Delivered>
  /** Sessions that only stay alive. */
  idle?(count: number): Promise<void>
  /** Sessions with one held semaphore each, that outlive this visit. */
  seed?(count: number): Promise<void>
  close(): Promise<void>
}

export interface Locker {
  /** Resolves when the name is held by this party alone, durably if the subject is durable. */
  acquire(name: string): Promise<void>
  /** Resolves when the name has been given back. */
  release(name: string): Promise<void>
}

/** Some values of one party, each with a version that changes with every write. */
export interface Cell {
  /** Replaces a value if its version is the one that this party knows, durably if the subject is durable. */
  swap(): Promise<void>
  /** Reads a value as it is now: no older than any write that was answered before. */
  read(): Promise<void>
}

export interface Board {
  publish(version: number): Promise<void>
}

interface Committer {
  /** Writes the next rows, all or none, if nobody else has taken the store over; durably if the subject is durable. */
  commit(): Promise<void>
}

export interface Writer {
  /** Adds a record, durably if the subject is durable. */
  append(): Promise<void>
}

export interface QueueTerms {
  /** Most jobs that are at work at the same time. */
  readonly workers: number
  /** So often each job fails, and comes back at once, before it succeeds. */
  readonly failures: number
  /** Called when a job will never come again, durably if the subject is durable. */
  readonly done: (job: number) => void
}

export interface JobQueue {
  /** Resolves when the job is in the queue, durably if the subject is durable. */
  add(job: number): Promise<void>
}
