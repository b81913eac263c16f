/** A coordination node, as slow and as plain as can be: arrays, linear scans, nothing kept twice. */
import type {
  Command,
  Event,
  Limits,
  LogCommand,
  LogQuestion,
  NodeCommand,
  NodeConfig,
  OperatorCommand,
  RecordCommand,
  SemaphoreCommand,
} from '@tenure/kernel'
import { asked, Ground } from './ground.ts'
import type { Holder, Of, Session } from './ground.ts'
import { Queues } from './queues.ts'
import { Semaphores } from './semaphores.ts'
import { Sessions } from './sessions.ts'
import { type Watch, Watches } from './watches.ts'

/** Records and operators are not modelled here. */
export type Modelled =
  | Exclude<Command, RecordCommand | OperatorCommand | LogCommand | LogQuestion>
  | Of<'forget'>

type InSession = SemaphoreCommand | Of<'stop'> | Of<'forget'>

export class Model {
  config: NodeConfig | null = null
  readonly watches: Watches
  readonly queues: Queues
  readonly sessions: Sessions
  readonly #ground: Ground
  readonly #semaphores: Semaphores

  constructor(limits: Limits) {
    const ground = new Ground(limits)
    this.#ground = ground
    this.watches = new Watches(ground)
    this.queues = new Queues(ground, this.watches)
    this.sessions = new Sessions(ground, this.queues, this.watches)
    this.#semaphores = new Semaphores(ground, this.queues, this.watches)
  }

  apply(command: Modelled, now: number): Event[] {
    const ground = this.#ground
    ground.begin(now)
    if (command.kind === 'create-node') {
      this.config ??= command.config
      ground.done(command)
    } else if (command.kind === 'detach') {
      const session = this.sessions.find(command.session)
      if (session?.stream === command.stream) this.sessions.detach(session, 0)
    } else if (isInSession(command)) this.#inSession(command)
    else if (this.config === null) ground.refuse(command, 'NOT_FOUND')
    else this.#onNode(command, this.config)
    return ground.said
  }

  /** What a watch that stands is to be shown now. */
  sight({ name, stands }: Watch) {
    return stands && this.#semaphores.look(name, stands)
  }

  /** Does what is due, one by one. */
  advance(now: number): Event[] {
    this.#ground.begin(now)
    for (let next = this.next(); next && next.due <= now; next = this.next()) {
      next.due = Infinity
      if ('id' in next) this.sessions.end(next)
      else this.queues.giveUp(next)
    }
    return this.#ground.said
  }

  next(): Session | Holder | undefined {
    const all = [...this.sessions.all, ...this.queues.holders].filter(({ due }) => due < Infinity)
    return all.sort((a, b) => a.due - b.due || a.set - b.set)[0]
  }

  /** What another server makes of what is stored. */
  restart(now: number): void {
    this.#ground.begin(now)
    for (const holder of this.queues.holders) if (!holder.owns) this.queues.setTimer(holder)
    for (const session of this.sessions.all) {
      session.last = -1n
      this.sessions.detach(session, graceOf(this.config))
    }
  }

  #onNode(
    command: Exclude<NodeCommand, { kind: 'create-node' }> | Of<'attach'>,
    config: NodeConfig,
  ): void {
    if (command.kind === 'attach') return this.sessions.attach(command)
    if (command.kind === 'describe-node')
      return this.#ground.say({ kind: 'node-described', ...asked(command), config })
    if (command.kind === 'drop-node') {
      this.sessions.drop()
      Object.assign(this.queues, { semaphores: [], holders: [] })
      this.watches.all = []
      this.config = null
    } else {
      const given = Object.entries(command.config)
      const set = given.filter(([, value]) => value !== 0 && value !== 'unset')
      this.config = { ...config, ...Object.fromEntries(set) }
    }
    this.#ground.done(command)
  }

  #inSession(command: InSession): void {
    const session = this.sessions.find(command.session)
    if (!session) return this.#ground.refuse(command, 'SESSION_EXPIRED')
    if (session.stream !== command.stream) return this.#ground.refuse(command, 'BAD_SESSION')
    switch (command.kind) {
      case 'stop':
        this.sessions.end(session)
        return this.#ground.say({ kind: 'stopped', ...asked(command), session: session.id })
      case 'forget':
        return this.watches.takeBack(session, command.target)
      case 'create-semaphore':
        return this.#semaphores.create(command)
      case 'update-semaphore':
        return this.#semaphores.update(command)
      case 'delete-semaphore':
        return this.#semaphores.delete(command)
      case 'describe-semaphore':
        return this.#semaphores.describe(session, command)
      case 'acquire':
        return this.queues.acquire(session, command)
      case 'release':
        return this.queues.release(session, command)
    }
  }
}

function graceOf(config: NodeConfig | null): number {
  const selfCheck = Math.min(10_000, Math.max(500, config?.selfCheckPeriodMs || 1_000))
  return Math.max(Math.min(30_000, config?.sessionGracePeriodMs || 10_000), selfCheck + 1_000)
}

const OF_NODE: readonly Modelled['kind'][] = [
  'attach',
  'alter-node',
  'describe-node',
  'drop-node',
  'create-node',
  'detach',
]

function isInSession(command: Modelled): command is InSession {
  return !OF_NODE.includes(command.kind)
}
