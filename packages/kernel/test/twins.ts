/** A kernel and a model that live the same life, and must not be told apart. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { DEFAULT_LIMITS, Kernel } from '@tenure/kernel'
import type { DescribeSemaphore, Event, SemaphoreDescription, Write } from '@tenure/kernel'
import { NAMES, PERSISTENT_NAMES } from './life.ts'
import type { CommandMove, Move } from './life.ts'
import { Model } from './model/node.ts'
import type { Modelled } from './model/node.ts'
import { CONFIG, NOTHING } from './node.ts'
import { Store } from './store.ts'

const LIMITS = { ...DEFAULT_LIMITS, sessionsMax: 5, semaphoresMax: 3, holdersMax: 9, watchesMax: 4 }

/** So that a life does not begin with refusals only. */
const SESSIONS_AT_FIRST = 3

export class Twins {
  #kernel = new Kernel(LIMITS)
  readonly #model = new Model(LIMITS)
  readonly #store = new Store()
  /** Owners' tokens seen so far, by name. */
  readonly #granted = new Map<string, bigint[]>()
  #nowMs = 0
  #requests = 0n

  constructor() {
    this.#kernel.start(0)
    this.#settleIn()
  }

  /** @throws AssertionError when they differ, or both are wrong */
  play(move: Move): void {
    if (move.kind === 'wait') {
      this.#nowMs += move.ms
      const { events, writes } = this.#kernel.advance(this.#nowMs)
      this.#keep(writes)
      this.#compare(events, this.#model.advance(this.#nowMs))
    } else if (move.kind === 'restart') {
      this.#restart()
    } else if (move.kind === 'show') {
      this.#show()
    } else {
      this.#apply(this.#commandOf(move))
      if (move.part.kind === 'drop-node' && move.who > 0) this.#settleIn()
    }
    this.#audit()
  }

  #settleIn(): void {
    this.#apply({ kind: 'create-node', stream: 1, requestId: 0n, config: CONFIG })
    const about = { description: '', sequenceNumber: 0n, protectionKey: NOTHING, timeoutMs: 1_000n }
    for (let stream = 1; stream <= SESSIONS_AT_FIRST; stream++) {
      this.#apply({ kind: 'attach', stream, requestId: 0n, session: 0n, ...about })
    }
    const [first] = this.#model.sessions.all
    const asked = { stream: 1, requestId: 0n, session: first?.id ?? 0n }
    for (const name of PERSISTENT_NAMES) {
      this.#apply({ kind: 'create-semaphore', ...asked, name, limit: 3n, data: NOTHING })
    }
  }

  #commandOf({ who, astray, stream, part }: CommandMove): Modelled {
    const sessions = this.#model.sessions.all
    const session = sessions[who % Math.max(1, sessions.length)]
    const attaches = part.kind === 'attach'
    const own = attaches || astray ? null : session?.stream
    const fresh = 'fresh' in part && part.fresh === true
    const watches = this.#model.watches.all
    const watch = 'which' in part ? watches[Number(part.which) % watches.length] : undefined
    const command: unknown = {
      ...part,
      stream: own ?? stream,
      requestId: ++this.#requests,
      session: fresh ? 0n : (session?.id ?? 99n),
      target: watch?.request ?? 0n,
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the parts of a life are typed field by field
    return command as Modelled
  }

  #apply(command: Modelled): void {
    const { events, writes } = this.#kernel.apply(command, this.#nowMs)
    this.#keep(writes)
    this.#compare(events, this.#model.apply(command, this.#nowMs))
  }

  /** W1: whoever has to be is shown the state as it is. Who has come since the change may be shown it once more. */
  #show(): void {
    const model = this.#model
    const shown = this.#kernel
      .shown()
      .flatMap(({ requestIds, ...event }) => requestIds.map((request) => ({ request, ...event })))
    const requests = shown.map(({ request }) => request)
    ok(new Set(requests).size === requests.length, 'a watch is shown two states at once')
    for (const { request } of model.watches.takeDue()) {
      ok(requests.includes(request), `watch ${request} is not shown a change`)
    }
    for (const { request, stream, description } of shown) {
      const watch = model.watches.all.find((it) => it.stands && it.request === request)
      ok(watch !== undefined, `watch ${request} is gone, and is shown something`)
      deepStrictEqual(stream, watch.session.stream)
      deepStrictEqual(description, model.sight(watch))
    }
  }

  /** One by one, as if each write were a commit of its own: whatever comes last can be loaded. */
  #keep(writes: readonly Write[]): void {
    this.#store.apply(this.#kernel.seal())
    for (const [index, write] of writes.entries()) {
      this.#store.apply([write])
      if (index < writes.length - 1) this.#loaded()
    }
  }

  #loaded(): Kernel {
    const kernel = new Kernel(LIMITS)
    for (const entry of this.#store.entries()) kernel.load(entry)
    kernel.start(this.#nowMs)
    return kernel
  }

  #restart(): void {
    this.#kernel = this.#loaded()
    this.#model.restart(this.#nowMs)
  }

  #compare(events: readonly Event[], expected: readonly Event[]): void {
    const told = events.map((event) =>
      event.kind === 'refused' ? { ...event, message: '' } : event,
    )
    deepStrictEqual(told, expected)
  }

  #audit(): void {
    const { config, watches } = this.#model
    const { holders, semaphores } = this.#model.queues
    const sessions = this.#model.sessions.all
    const owners = holders.filter(({ owns }) => owns).length
    deepStrictEqual(this.#kernel.statistics(), {
      exists: config !== null,
      sessions: sessions.length,
      attachedSessions: sessions.filter(({ stream }) => stream !== null).length,
      semaphores: semaphores.length,
      owners,
      waiters: holders.length - owners,
      watches: watches.all.length,
      records: 0,
      recordBytes: 0,
      valueMemoryBytes: 0,
      recordLeases: 0,
      recordWatches: 0,
      themes: 0,
      activeTasks: 0,
      storedTasks: 0,
      deadTasks: 0,
      tasksOut: 0,
      taskHandlers: 0,
    })
    deepStrictEqual(this.#kernel.nextDeadlineMs(), this.#model.next()?.due ?? Infinity)
    for (const { id, stream } of sessions) {
      if (stream === null) continue
      for (const name of NAMES) this.#auditSemaphore(describing({ stream, session: id, name }))
      return
    }
  }

  #auditSemaphore(command: DescribeSemaphore): void {
    const { events, writes } = this.#kernel.apply(command, this.#nowMs)
    deepStrictEqual(writes, [])
    this.#compare(events, this.#model.apply(command, this.#nowMs))
    const [answer] = events
    if (answer?.kind !== 'semaphore-described' || answer.description === null) return
    checkExclusion(answer.description)
    this.#checkTokens(answer.description)
  }

  /** X2: whoever owns since the last look has a larger token than every owner of this name before. */
  #checkTokens({ name, owners }: SemaphoreDescription): void {
    const granted = this.#granted.get(name) ?? []
    for (const { orderId } of owners) {
      if (granted.includes(orderId)) continue
      ok(granted.every((earlier) => earlier < orderId))
      granted.push(orderId)
    }
    this.#granted.set(name, granted)
  }
}

function describing(whom: { stream: number; session: bigint; name: string }): DescribeSemaphore {
  const lists = { owners: true, waiters: true }
  const watches = { watchData: false, watchOwners: false, watchAbsent: false, watchStands: false }
  return { kind: 'describe-semaphore', requestId: 0n, ...whom, ...lists, ...watches }
}

/** X1, X3, and the order of the lists. */
function checkExclusion({ owners, waiters, held, limit }: SemaphoreDescription): void {
  deepStrictEqual(
    owners.reduce((sum, owner) => sum + owner.count, 0n),
    held,
  )
  ok(held <= limit)
  const [first] = waiters
  ok(first === undefined || first.count > limit - held)
  const orders = [...owners, ...waiters].map(({ orderId }) => orderId)
  const ascending = [...new Set(orders)].sort((left, right) => (left < right ? -1 : 1))
  deepStrictEqual(orders, ascending)
}
