/** A plain model of sessions: who is here, who has left and until when. */
import { asked, text } from './ground.ts'
import type { Ground, Of, Session } from './ground.ts'
import type { Queues } from './queues.ts'
import type { Watches } from './watches.ts'

export class Sessions {
  all: Session[] = []
  readonly #ground: Ground
  readonly #queues: Queues
  readonly #watches: Watches
  #nextSession = 1n

  constructor(ground: Ground, queues: Queues, watches: Watches) {
    this.#ground = ground
    this.#queues = queues
    this.#watches = watches
  }

  find = (id: bigint): Session | undefined => this.all.find((it) => it.id === id)

  attach(command: Of<'attach'>): void {
    const ground = this.#ground
    let session = this.find(command.session)
    if (command.timeoutMs > 1_800_000n) return ground.refuse(command, 'INVALID_ARGUMENT')
    if (command.session === 0n) {
      if (this.all.length === ground.limits.sessionsMax)
        return ground.refuse(command, 'PRECONDITION_FAILED')
      const fresh = { due: Infinity, set: 0, timeout: 0, stream: null, visit: 0, last: -1n }
      session = { ...fresh, id: this.#nextSession++, key: text(command.protectionKey) }
      this.all.push(session)
    }
    if (!session) return ground.refuse(command, 'SESSION_EXPIRED')
    if (command.sequenceNumber < session.last) return ground.refuse(command, 'BAD_SESSION')
    if (session.key !== '' && session.key !== text(command.protectionKey))
      return ground.refuse(command, 'BAD_SESSION')
    this.#enter(session, command)
  }

  #enter(session: Session, command: Of<'attach'>): void {
    const { id, stream: old, visit } = session
    const { stream, timeoutMs, sequenceNumber: last } = command
    this.#watches.forget(session)
    if (old !== null && old !== stream)
      this.#ground.say({ kind: 'ended', stream: old, session: id, reason: 'taken' })
    const timeout = Number(timeoutMs)
    Object.assign(session, { stream, timeout, due: Infinity, last, visit: visit + 1 })
    this.#ground.say({ kind: 'attached', ...asked(command), session: id, timeoutMs })
  }

  detach(session: Session, grace: number): void {
    this.#watches.forget(session)
    session.stream = null
    this.#ground.setDue(session, session.timeout + grace)
  }

  /** It hears nothing of its own leaving. */
  end(session: Session): void {
    this.#watches.forget(session)
    session.stream = null
    this.#queues.free(session)
    this.all = this.all.filter((it) => it !== session)
  }

  drop(): void {
    for (const { id, stream } of this.all) {
      if (stream !== null)
        this.#ground.say({ kind: 'ended', stream, session: id, reason: 'dropped' })
    }
    this.all = []
  }
}
