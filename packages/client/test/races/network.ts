/**
 * A network in the hands of a scheduler: each message of each direction takes its time, and keeps its place behind those
 * before it on the same attachment. A connection that is cut ends for the client at once, for the server some time later.
 */
import type { Scheduler } from 'fast-check'
import type {
  Answer,
  Attachment,
  AttachmentEnd,
  AttachmentListener,
  AttachRequest,
  Link,
} from '../../src/link/link.ts'

/** One direction of one attachment. */
class Way {
  readonly #scheduler: Scheduler
  #last: Promise<void> = Promise.resolve()

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  send(arrive: () => void): void {
    this.#last = this.#after(this.#last, arrive)
  }

  async #after(before: Promise<void>, arrive: () => void): Promise<void> {
    await before
    await this.#scheduler.schedule(Promise.resolve())
    arrive()
  }
}

function withoutToken(answer: Answer): Answer {
  return answer.kind === 'acquired' ? { kind: 'acquired', token: null } : answer
}

export class Network implements Link {
  readonly address = 'network:'
  readonly #inner: Link
  readonly #scheduler: Scheduler
  readonly #live = new Set<() => void>()
  readonly #isForeign: boolean
  #atOnce: (() => void)[] = []
  /** Whoever attaches meanwhile finds nobody. */
  isDown = false

  /** @param isForeign as over YDB's protocol: grants carry no token, and what is absent cannot be watched */
  constructor(inner: Link, { scheduler, isForeign }: { scheduler: Scheduler; isForeign: boolean }) {
    this.#inner = inner
    this.#scheduler = scheduler
    this.#isForeign = isForeign
  }

  /** Calls `act` right after the next message has reached the client, before anything can follow from it. */
  atNextMessage(act: () => void): void {
    this.#atOnce.push(act)
  }

  /** No more messages need to come. */
  actAtOnce(): void {
    for (const act of this.#atOnce.splice(0)) act()
  }

  attach(request: AttachRequest, listener: AttachmentListener): Attachment {
    const [up, down] = [new Way(this.#scheduler), new Way(this.#scheduler)]
    let isOver = false
    let inner: Attachment | null = null
    const end = (why: AttachmentEnd | null): void => {
      if (isOver) return
      isOver = true
      this.#live.delete(cut)
      up.send(() => inner?.leave())
      if (why !== null) listener.ended(why)
    }
    const cut = (): void => end({ kind: 'broken', cause: new Error('the cable was pulled') })
    const hear = (say: () => void): void => {
      down.send(() => {
        if (isOver) return
        say()
        this.actAtOnce()
      })
    }
    const isForeign = this.#isForeign
    this.#live.add(cut)
    if (this.isDown) hear(cut)
    else {
      up.send(() => {
        inner = this.#inner.attach(request, {
          started: ({ sessionId }) =>
            hear(() =>
              listener.started({
                sessionId,
                watchAbsent: !isForeign,
                numbersChanges: !isForeign,
                createsOnAcquire: !isForeign,
                hasRecords: !isForeign,
                hasLog: false,
              }),
            ),
          contact: (sentAtMs) => hear(() => listener.contact(sentAtMs)),
          noticed: (notice) => hear(() => listener.noticed(notice)),
          ended: (why) => hear(() => end(why)),
        })
      })
    }
    // A message has a name as soon as it leaves; the one it gets over there is known when it has arrived.
    const names = new Map<number, number>()
    let lastName = 0
    return {
      send: (message, answer, told) => {
        lastName += 1
        const name = lastName
        up.send(() => {
          const sent = inner?.send(
            message,
            (given) => hear(() => answer(isForeign ? withoutToken(given) : given)),
            told && ((news) => hear(() => told(news))),
          )
          if (sent !== undefined) names.set(name, sent)
        })
        return name
      },
      forget: (name) =>
        up.send(() => {
          const sent = names.get(name)
          if (sent !== undefined) inner?.forget(sent)
        }),
      hurry: (heartbeatMs) => up.send(() => inner?.hurry(heartbeatMs)),
      stop: () => up.send(() => inner?.stop()),
      leave: () => end(null),
    }
  }

  cut(): void {
    for (const cut of Array.from(this.#live)) cut()
  }

  createNode: Link['createNode'] = (...args) => this.#inner.createNode(...args)
  alterNode: Link['alterNode'] = (...args) => this.#inner.alterNode(...args)
  describeNode: Link['describeNode'] = (...args) => this.#inner.describeNode(...args)
  dropNode: Link['dropNode'] = (...args) => this.#inner.dropNode(...args)
  listNodes: Link['listNodes'] = (...args) => this.#inner.listNodes(...args)
  ask: Link['ask'] = (...args) => this.#inner.ask(...args)
  close: Link['close'] = () => this.#inner.close()
}
