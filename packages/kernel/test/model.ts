/** A coordination node, as slow and as plain as can be: arrays, linear scans, nothing kept twice. */
import type {
  Command,
  Event,
  HolderDescription,
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
    else if (command.kind === 'alter-node') this.#alter(command, this.config)
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

  restart(now: number): void {
    this.#now = now
    this.watches = []
    for (const holder of this.holders) if (!holder.owns) this.#setTimer(holder)
    for (const session of this.sessions) {
      session.last = -1n
      this.#detach(session, graceOf(this.config))
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

  #alter(command: Of<'alter-node'>, config: NodeConfig): void {
    const set = Object.entries(command.config).filter(
      ([, value]) => value !== 0 && value !== 'unset',
    )
    this.config = { ...config, ...Object.fromEntries(set) }
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

  #acquire(session: Session, command: Of<'acquire'>, found: Semaphore | undefined): void {
    const { name, count, ephemeral } = command
    if (count === 0n) return this.#refuse(command, 'INVALID_ARGUMENT')
    if (!found && !ephemeral) return this.#refuse(command, 'NOT_FOUND')
    if (found && found.ephemeral !== ephemeral) return this.#refuse(command, 'PRECONDITION_FAILED')
    if (found && count > found.limit) return this.#refuse(command, 'INVALID_ARGUMENT')
    if (!found) return this.#acquireNew(session, command)
    const mine = this.holders.find((holder) => holder.session === session && holder.name === name)
    if (!mine) return this.#enter(session, command, found)
    if (count > mine.count) return this.#refuse(command, 'INVALID_ARGUMENT')
    if (mine.owns) this.#reacquire(mine, command, found)
    else this.#supersede(mine, command, found)
  }

  #acquireNew(session: Session, command: Of<'acquire'>): void {
    const { holdersMax, semaphoresMax } = this.#limits
    if (this.holders.length >= holdersMax || this.semaphores.length >= semaphoresMax) {
      return this.#refuse(command, 'PRECONDITION_FAILED')
    }
    const { name } = command
    const made = { name, limit: MAX_U64, ephemeral: true, data: new Uint8Array() }
    this.semaphores.push(made)
    this.#join(session, command, made)
    this.#tell(name, true, true)
  }

  #enter(session: Session, command: Of<'acquire'>, found: Semaphore): void {
    const fits = command.count <= found.limit - this.held(found.name)
    if (command.timeoutMs === 0n && (!fits || this.waiters(found.name).length > 0)) {
      return this.#say({ kind: 'not-acquired', ...asked(command) })
    }
    if (this.holders.length >= this.#limits.holdersMax) {
      return this.#refuse(command, 'PRECONDITION_FAILED')
    }
    this.#tell(found.name, false, this.#join(session, command, found))
  }

  #join(session: Session, command: Of<'acquire'>, semaphore: Semaphore): boolean {
    const place = { session, name: command.name, orderId: this.#nextOrder++, owns: false }
    const terms = { count: 0n, timeout: 0n, data: command.data, request: 0n, visit: 0 }
    const mine = { ...place, ...terms, due: Infinity, set: 0 }
    this.holders.push(mine)
    return this.#queue(mine, command, semaphore)
  }

  #reacquire(mine: Holder, command: Of<'acquire'>, semaphore: Semaphore): void {
    const changed = command.count < mine.count || text(command.data) !== text(mine.data)
    this.#adopt(mine, command)
    this.#answer(mine, 'acquired')
    this.#settle(semaphore, changed)
  }

  #supersede(mine: Holder, command: Of<'acquire'>, semaphore: Semaphore): void {
    this.#answer(mine, 'aborted')
    const fits = command.count <= semaphore.limit - this.held(mine.name)
    const now = fits && this.waiters(mine.name)[0] === mine
    if (now || command.timeoutMs > 0n) {
      return this.#tell(mine.name, false, this.#queue(mine, command, semaphore))
    }
    this.#adopt(mine, command)
    this.#giveUp(mine)
  }

  #queue(mine: Holder, command: Of<'acquire'>, semaphore: Semaphore): boolean {
    this.#adopt(mine, command)
    const granted = this.#grant(semaphore)
    if (mine.owns) return granted
    this.#setTimer(mine)
    this.#answer(mine, 'pending')
    return granted
  }

  #adopt(mine: Holder, command: Of<'acquire'>): void {
    const { count, data, timeoutMs: timeout, requestId: request } = command
    Object.assign(mine, { count, data, timeout, request, visit: mine.session.visit })
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
    const lists = {
      owners: command.owners ? this.owners(name).map(shown) : [],
      waiters: command.waiters ? this.waiters(name).map(shown) : [],
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

  #grant(semaphore: Semaphore): boolean {
    const { name, limit } = semaphore
    const first = this.waiters(name)[0]
    if (!first || first.count + this.held(name) > limit) return false
    Object.assign(first, { owns: true, due: Infinity })
    this.#answer(first, 'acquired')
    this.#grant(semaphore)
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

function graceOf(config: NodeConfig | null): number {
  const selfCheck = Math.min(10_000, Math.max(500, config?.selfCheckPeriodMs || 1_000))
  return Math.max(Math.min(30_000, config?.sessionGracePeriodMs || 10_000), selfCheck + 1_000)
}

function shown(holder: Holder): HolderDescription {
  const { session, orderId, count, data, owns, timeout } = holder
  return { session: session.id, orderId, count, data, timeoutMs: owns ? 0n : timeout }
}

function isOnNode(command: Command): command is Exclude<NodeCommand, { kind: 'create-node' }> {
  return command.kind.endsWith('-node')
}
