/** A coordination node, as slow and as plain as can be: arrays, linear scans, nothing kept twice. */
import type {
  Command,
  Event,
  Limits,
  NodeCommand,
  NodeConfig,
  SessionCommand,
} from '@tenure/kernel'
import { MAX_U64 } from '@tenure/kernel'

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>
type Code = Extract<Event, { kind: 'refused' }>['code']
type Asked = { stream: number; requestId: bigint }
type Due = { due: number; set: number }
type Session = Due & {
  id: bigint
  timeout: number
  stream: number | null
  visit: number
  last: bigint
  key: string
}
type Semaphore = { name: string; limit: bigint; ephemeral: boolean; data: Uint8Array }
type Holder = Due & {
  session: Session
  name: string
  orderId: bigint
  owns: boolean
  count: bigint
  timeout: bigint
  data: Uint8Array
  request: bigint
  visit: number
}
type Watch = { session: Session; name: string; request: bigint; data: boolean; owners: boolean }

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export class Model {
  config: NodeConfig | null = null
  sessions: Session[] = []
  semaphores: Semaphore[] = []
  holders: Holder[] = []
  watches: Watch[] = []
  #nextSession = 1n
  #nextOrder = 1n
  #sets = 0
  #now = 0
  #said: Event[] = []
  readonly #limits: Limits

  constructor(limits: Limits) {
    this.#limits = limits
  }

  apply(command: Command, now: number): Event[] {
    this.#now = now
    this.#said = []
    if (command.kind === 'create-node') {
      this.config ??= command.config
      this.#say({ kind: 'done', ...asked(command) })
    } else if (command.kind === 'detach') {
      const session = this.#session(command.session)
      if (session?.stream === command.stream) this.#detach(session, 0)
    } else if (command.kind === 'attach') this.#attach(command)
    else if (!isOnNode(command)) this.#inSession(command)
    else if (this.config === null) this.#refuse(command, 'NOT_FOUND')
    else if (command.kind === 'drop-node') this.#drop(command)
    else this.#say({ kind: 'node-described', ...asked(command), config: this.config })
    return this.#said
  }

  advance(now: number): Event[] {
    this.#now = now
    this.#said = []
    for (let next = this.next(); next && next.due <= now; next = this.next()) {
      next.due = Infinity
      if ('id' in next) this.#end(next)
      else this.#giveUp(next)
    }
    return this.#said
  }

  next(): Session | Holder | undefined {
    const all = [...this.sessions, ...this.holders].filter(({ due }) => due < Infinity)
    return all.sort((a, b) => a.due - b.due || a.set - b.set)[0]
  }

  restart(): void {
    this.watches = []
    for (const holder of this.holders) if (!holder.owns) this.#setTimer(holder)
    for (const session of this.sessions) {
      session.last = -1n
      this.#detach(session, 10_000)
    }
  }

  #attach(command: Of<'attach'>): void {
    let session = this.#session(command.session)
    if (this.config === null) return this.#refuse(command, 'NOT_FOUND')
    if (command.timeoutMs > 1_800_000n) return this.#refuse(command, 'INVALID_ARGUMENT')
    if (command.session === 0n) {
      if (this.sessions.length === this.#limits.sessionsMax)
        return this.#refuse(command, 'PRECONDITION_FAILED')
      const fresh = { due: Infinity, set: 0, timeout: 0, stream: null, visit: 0, last: -1n }
      session = { ...fresh, id: this.#nextSession++, key: text(command.protectionKey) }
      this.sessions.push(session)
    }
    if (!session) return this.#refuse(command, 'SESSION_EXPIRED')
    if (command.sequenceNumber < session.last) return this.#refuse(command, 'BAD_SESSION')
    if (session.key !== '' && session.key !== text(command.protectionKey))
      return this.#refuse(command, 'BAD_SESSION')
    this.watches = this.watches.filter((watch) => watch.session !== session)
    const { id, stream: old } = session
    const { stream } = command
    if (old !== null && old !== stream)
      this.#say({ kind: 'ended', stream: old, session: id, reason: 'taken' })
    const timeout = Number(command.timeoutMs)
    Object.assign(session, {
      stream,
      timeout,
      due: Infinity,
      last: command.sequenceNumber,
      visit: session.visit + 1,
    })
    this.#say({ kind: 'attached', ...asked(command), session: id, timeoutMs: command.timeoutMs })
  }

  #detach(session: Session, grace: number): void {
    this.watches = this.watches.filter((watch) => watch.session !== session)
    session.stream = null
    this.#set(session, session.timeout + grace)
  }

  #drop(command: Of<'drop-node'>): void {
    for (const { id, stream } of this.sessions) {
      if (stream !== null) this.#say({ kind: 'ended', stream, session: id, reason: 'dropped' })
    }
    Object.assign(this, { config: null, sessions: [], semaphores: [], holders: [], watches: [] })
    this.#say({ kind: 'done', ...asked(command) })
  }

  #inSession(command: SessionCommand | Of<'stop'>): void {
    const session = this.#session(command.session)
    if (!session) return this.#refuse(command, 'SESSION_EXPIRED')
    if (session.stream !== command.stream) return this.#refuse(command, 'BAD_SESSION')
    if (command.kind === 'stop') {
      this.#end(session)
      return this.#say({ kind: 'stopped', ...asked(command), session: session.id })
    }
    const found = this.semaphores.find(({ name }) => name === command.name)
    if (command.kind === 'create-semaphore') return this.#create(command, found)
    if (command.kind === 'acquire') return this.#acquire(session, command, found)
    if (command.kind === 'release') return this.#release(session, command)
    if (command.kind === 'describe-semaphore') return this.#describe(session, command, found)
    if (!found) return this.#refuse(command, 'NOT_FOUND')
    if (command.kind === 'update-semaphore') {
      const changed = text(found.data) !== text(command.data)
      found.data = command.data
      this.#say({ kind: 'done', ...asked(command) })
      return this.#tell(found.name, changed, false)
    }
    const used = this.holders.some(({ name }) => name === found.name)
    if (found.ephemeral || (used && !command.force))
      return this.#refuse(command, 'PRECONDITION_FAILED')
    for (const waiter of this.waiters(found.name)) this.#answer(waiter, 'aborted')
    this.holders = this.holders.filter(({ name }) => name !== found.name)
    this.#remove(found)
    this.#say({ kind: 'done', ...asked(command) })
  }

  #create(command: Of<'create-semaphore'>, found: Semaphore | undefined): void {
    if (command.limit === 0n) return this.#refuse(command, 'INVALID_ARGUMENT')
    if (found)
      return this.#refuse(command, found.ephemeral ? 'PRECONDITION_FAILED' : 'ALREADY_EXISTS')
    if (this.semaphores.length === this.#limits.semaphoresMax)
      return this.#refuse(command, 'PRECONDITION_FAILED')
    this.semaphores.push({
      name: command.name,
      limit: command.limit,
      ephemeral: false,
      data: command.data,
    })
    this.#say({ kind: 'done', ...asked(command) })
    this.#tell(command.name, true, true)
  }

  #acquire(session: Session, command: Of<'acquire'>, existing: Semaphore | undefined): void {
    const { name, count, timeoutMs, ephemeral, data } = command
    let found = existing
    if (count === 0n) return this.#refuse(command, 'INVALID_ARGUMENT')
    if (!found && !ephemeral) return this.#refuse(command, 'NOT_FOUND')
    if (found && found.ephemeral !== ephemeral) return this.#refuse(command, 'PRECONDITION_FAILED')
    if (found && count > found.limit) return this.#refuse(command, 'INVALID_ARGUMENT')
    const full = this.holders.length >= this.#limits.holdersMax
    if (!found && (full || this.semaphores.length >= this.#limits.semaphoresMax))
      return this.#refuse(command, 'PRECONDITION_FAILED')
    const created = found === undefined
    if (!found)
      this.semaphores.push(
        (found = { name, limit: MAX_U64, ephemeral: true, data: new Uint8Array() }),
      )
    let mine = this.holders.find((holder) => holder.session === session && holder.name === name)
    if (mine && count > mine.count) return this.#refuse(command, 'INVALID_ARGUMENT')
    const free = found.limit - this.held(name)
    const request = { request: command.requestId, visit: session.visit }
    if (mine?.owns) {
      const changed = count < mine.count || text(data) !== text(mine.data)
      Object.assign(mine, { count, data, ...request })
      this.#answer(mine, 'acquired')
      return this.#settle(found, changed)
    }
    if (mine) {
      this.#answer(mine, 'aborted')
      Object.assign(mine, request)
      if (timeoutMs === 0n && (this.waiters(name)[0] !== mine || count > free))
        return this.#giveUp(mine)
    } else {
      if (timeoutMs === 0n && (this.waiters(name).length > 0 || count > free))
        return this.#say({ kind: 'not-acquired', ...asked(command) })
      if (full) return this.#refuse(command, 'PRECONDITION_FAILED')
      const fresh = { due: Infinity, set: 0, session, name, owns: false, ...request }
      mine = { ...fresh, orderId: this.#nextOrder++, count, data, timeout: timeoutMs }
      this.holders.push(mine)
    }
    Object.assign(mine, { count, data, timeout: timeoutMs })
    const granted = this.#grant(found)
    if (!mine.owns) this.#setTimer(mine)
    if (!mine.owns) this.#answer(mine, 'pending')
    this.#tell(name, created, created || granted)
  }

  #release(session: Session, command: Of<'release'>): void {
    const mine = this.holders.find(
      (holder) => holder.session === session && holder.name === command.name,
    )
    if (mine && !mine.owns) this.#answer(mine, 'aborted')
    this.#say({ kind: 'released', ...asked(command), released: mine !== undefined })
    if (mine) this.#leave(mine)
  }

  #describe(
    session: Session,
    command: Of<'describe-semaphore'>,
    found: Semaphore | undefined,
  ): void {
    const { name, watchData: data, watchOwners: owners, requestId: request } = command
    const watch = data || owners
    if (!found && !(watch && command.watchAbsent)) return this.#refuse(command, 'NOT_FOUND')
    const old = this.watches.find((other) => other.session === session && other.name === name)
    if (watch && !old && this.watches.length === this.#limits.watchesMax)
      return this.#refuse(command, 'PRECONDITION_FAILED')
    if (watch && old) this.#fire(old, false, false)
    if (watch) this.watches.push({ session, name, request, data, owners })
    const show = (list: Holder[]) =>
      list.map((it) => ({
        session: it.session.id,
        orderId: it.orderId,
        count: it.count,
        data: it.data,
        timeoutMs: it.owns ? 0n : it.timeout,
      }))
    const lists = {
      owners: show(command.owners ? this.owners(name) : []),
      waiters: show(command.waiters ? this.waiters(name) : []),
    }
    const description = found ? { ...found, held: this.held(name), ...lists } : null
    this.#say({ kind: 'semaphore-described', ...asked(command), description, watchAdded: watch })
  }

  owners = (name: string): Holder[] => this.holders.filter((it) => it.name === name && it.owns)
  waiters = (name: string): Holder[] => this.holders.filter((it) => it.name === name && !it.owns)
  held = (name: string): bigint => this.owners(name).reduce((sum, { count }) => sum + count, 0n)
  #session = (id: bigint): Session | undefined => this.sessions.find((it) => it.id === id)

  #end(session: Session): void {
    this.watches = this.watches.filter((watch) => watch.session !== session)
    session.stream = null
    for (const holder of this.holders.filter((it) => it.session === session)) this.#leave(holder)
    this.sessions = this.sessions.filter((it) => it !== session)
  }

  #giveUp(holder: Holder): void {
    this.#answer(holder, 'not-acquired')
    this.#leave(holder)
  }

  #leave(holder: Holder): void {
    this.holders = this.holders.filter((it) => it !== holder)
    const semaphore = this.semaphores.find(({ name }) => name === holder.name)
    if (semaphore) this.#settle(semaphore, holder.owns)
  }

  #grant({ name, limit }: Semaphore): boolean {
    const first = this.waiters(name)[0]
    if (!first || first.count + this.held(name) > limit) return false
    Object.assign(first, { owns: true, due: Infinity })
    this.#answer(first, 'acquired')
    this.#grant({ name, limit } as Semaphore)
    return true
  }

  #settle(semaphore: Semaphore, changed: boolean): void {
    const { name, ephemeral } = semaphore
    const granted = this.#grant(semaphore)
    if (ephemeral && !this.holders.some((it) => it.name === name)) this.#remove(semaphore)
    else this.#tell(name, false, changed || granted)
  }

  #remove(semaphore: Semaphore): void {
    this.semaphores = this.semaphores.filter((it) => it !== semaphore)
    this.#tell(semaphore.name, true, true)
  }

  #tell(name: string, data: boolean, owners: boolean): void {
    const kinds = [data && [true, false], owners && [false, true], (data || owners) && [true, true]]
    for (const kind of kinds) {
      const told = this.watches.filter(
        (it) => kind && it.name === name && it.data === kind[0] && it.owners === kind[1],
      )
      for (const watch of told) this.#fire(watch, data, owners)
    }
  }

  #fire(watch: Watch, data: boolean, owners: boolean): void {
    this.watches = this.watches.filter((it) => it !== watch)
    const { id: session, stream } = watch.session
    this.#say({
      kind: 'changed',
      stream: stream ?? -1,
      requestId: watch.request,
      session,
      data,
      owners,
    })
  }

  #answer(holder: Holder, what: 'acquired' | 'pending' | 'not-acquired' | 'aborted'): void {
    const { session, request: requestId, visit, orderId } = holder
    if (session.stream === null || session.visit !== visit) return
    const to = { stream: session.stream, requestId }
    if (what === 'aborted') this.#refuse(to, 'ABORTED')
    else if (what === 'not-acquired') this.#say({ kind: what, ...to })
    else this.#say({ kind: what, ...to, orderId })
  }

  #setTimer(waiter: Holder): void {
    if (waiter.timeout === MAX_U64) waiter.due = Infinity
    else this.#set(waiter, Number(waiter.timeout))
  }

  #set(it: Due, after: number): void {
    Object.assign(it, { due: this.#now + after, set: this.#sets++ })
  }

  #refuse(to: Asked, code: Code): void {
    this.#say({ kind: 'refused', ...asked(to), code, message: '' })
  }

  #say(event: Event): void {
    this.#said.push(event)
  }
}

function asked({ stream, requestId }: Asked): Asked {
  return { stream, requestId }
}

function isOnNode(command: Command): command is Exclude<NodeCommand, { kind: 'create-node' }> {
  return command.kind.endsWith('-node')
}
