/**
 * What a program may expect of a coordination node, whatever happens between it and the engine: arrays and linear scans.
 *
 * Faults are no part of it. A connection that breaks, a server that dies or loses its node, a commit that fails: the client
 * library and the server promise together that a program does not see them, as long as its session lives.
 */
import { settle, type ModelSession, type Outcome, type Task } from './task.ts'

interface Place {
  readonly task: Task
  owns: boolean
}

interface ModelSemaphore {
  readonly limit: bigint
  data: string
  readonly places: Place[]
}

/** The one that needs no creation. */
export const EPHEMERAL = 'e'
const NO_LIMIT = 2n ** 64n - 1n
/** A task in the line of its own session gives up by the clock of the client, which leaves the server the first word. */
const CLIENT_SLACK_MS = 500

export class Model {
  nowMs = 0
  readonly sessions: ModelSession[] = []
  readonly tasks: Task[] = []
  readonly semaphores: Map<string, ModelSemaphore> = new Map()

  open(): ModelSession {
    const session = { index: this.sessions.length, isOver: false, lines: new Map() }
    this.sessions.push(session)
    return session
  }

  /** Ends a session for its program and for the server. */
  end(session: ModelSession): void {
    this.believeLost(session)
    this.free(session)
  }

  /** The program's side of a session's end. */
  believeLost(session: ModelSession): void {
    session.isOver = true
    session.lines.clear()
    for (const task of this.tasks) if (task.session === session) settle(task, 'session over')
  }

  /** The server's side of it. */
  free(session: ModelSession): void {
    for (const name of this.semaphores.keys()) {
      this.#leave(name, (place) => place.task.session === session)
    }
  }

  /** @returns whether it was made */
  create(name: string, limit: bigint, data: string): boolean {
    if (this.semaphores.has(name)) return false
    this.semaphores.set(name, { limit, data, places: [] })
    return true
  }

  update(name: string, data: string): boolean {
    const semaphore = this.semaphores.get(name)
    if (semaphore !== undefined) semaphore.data = data
    return semaphore !== undefined
  }

  delete(name: string, force: boolean): 'done' | 'in use' | 'gone' {
    const semaphore = this.semaphores.get(name)
    if (semaphore === undefined) return 'gone'
    if (semaphore.places.length > 0 && !force) return 'in use'
    this.semaphores.delete(name)
    for (const { task } of semaphore.places) {
      if (task.state === 'held' && !task.isWatched) task.state = 'stale'
      else if (task.state !== 'over') this.#end(task, 'gone')
    }
    return 'done'
  }

  acquire(asked: Pick<Task, 'session' | 'name' | 'count' | 'asksOnce' | 'deadlineMs'>): Task {
    const fresh = { state: 'in line', outcome: null, isWatched: false, data: '' } as const
    const task: Task = { ...asked, id: this.tasks.length, ...fresh }
    this.tasks.push(task)
    const line = task.session.lines.get(task.name) ?? []
    if (task.session.isOver) settle(task, 'session over')
    else if (task.asksOnce && line.length > 0) settle(task, 'null')
    else {
      task.session.lines.set(task.name, line)
      line.push(task)
      if (line.length === 1) this.#turn(task)
    }
    return task
  }

  abort(task: Task): void {
    if (task.state === 'in line' || task.state === 'waiting') this.#end(task, 'aborted')
  }

  release(task: Task): void {
    if (task.state === 'held' || task.state === 'stale') this.#end(task, 'released')
  }

  watch(task: Task): void {
    task.isWatched = true
    if (task.state === 'stale') this.#end(task, 'gone')
  }

  /** @returns whether the lease was there to change */
  change(task: Task, count: bigint, data: string): boolean {
    if (task.state === 'stale') this.#end(task, 'gone')
    if (task.state !== 'held') return false
    Object.assign(task, { count, data })
    this.#grant(task.name)
    return true
  }

  advance(nowMs: number): void {
    for (;;) {
      const due = this.tasks
        .filter((task) => task.state === 'in line' || task.state === 'waiting')
        .map((task) => ({
          task,
          atMs: task.deadlineMs + (task.state === 'in line' ? CLIENT_SLACK_MS : 0),
        }))
        .filter(({ atMs }) => atMs <= nowMs)
        .sort((one, other) => one.atMs - other.atMs)[0]
      if (due === undefined) break
      this.nowMs = due.atMs
      this.#end(due.task, 'late')
    }
    this.nowMs = nowMs
  }

  places(name: string): readonly Place[] {
    return this.semaphores.get(name)?.places ?? []
  }

  #turn(task: Task): void {
    const { name, count } = task
    if (this.nowMs >= task.deadlineMs) return this.#end(task, 'late')
    if (name === EPHEMERAL) this.create(name, NO_LIMIT, '')
    const semaphore = this.semaphores.get(name)
    if (semaphore === undefined) return this.#end(task, 'gone')
    if (count > semaphore.limit) return this.#end(task, 'too much')
    const fits = semaphore.places.every(({ owns }) => owns) && this.#free(semaphore) >= count
    if (task.asksOnce && !fits) return this.#end(task, 'null')
    task.state = 'waiting'
    semaphore.places.push({ task, owns: false })
    this.#grant(name)
  }

  /** Ends a task; what it had goes to the next on the server first, then the next in its session's line has its turn. */
  #end(task: Task, outcome: Outcome): void {
    settle(task, outcome)
    this.#leave(task.name, (place) => place.task === task)
    const line = task.session.lines.get(task.name) ?? []
    const isFirst = line[0] === task
    if (line.includes(task)) line.splice(line.indexOf(task), 1)
    if (isFirst && line[0] !== undefined) this.#turn(line[0])
  }

  #leave(name: string, leaves: (place: Place) => boolean): void {
    const semaphore = this.semaphores.get(name)
    if (semaphore === undefined) return
    const stay = semaphore.places.filter((place) => !leaves(place))
    semaphore.places.splice(0, Infinity, ...stay)
    if (name === EPHEMERAL && stay.length === 0) this.semaphores.delete(name)
    else this.#grant(name)
  }

  #grant(name: string): void {
    const semaphore = this.semaphores.get(name)
    const first = semaphore?.places.find(({ owns }) => !owns)
    if (semaphore === undefined || first === undefined) return
    if (first.task.count > this.#free(semaphore)) return
    first.owns = true
    // The server may grant to a session whose program does not believe in it any more.
    if (first.task.state === 'waiting') first.task.state = 'held'
    this.#grant(name)
  }

  #free({ limit, places }: ModelSemaphore): bigint {
    return places.reduce((free, { owns, task }) => free - (owns ? task.count : 0n), limit)
  }
}
