/** A link that a test cuts: with a word to the client, or without one and for good. */
import type { Answer, Attachment, AttachmentListener, AttachRequest, Link } from '@tenure/client'

const NOBODY: Attachment = {
  send: () => 0,
  forget: () => {},
  hurry: () => {},
  stop: () => {},
  leave: () => {},
}

export class CutLink implements Link {
  readonly address: string
  readonly #inner: Link
  readonly #live = new Map<Attachment, AttachmentListener>()
  readonly #isForeign: boolean
  #isDead = false

  /** @param isForeign as over YDB's protocol: grants carry no token, and what is absent cannot be watched */
  constructor(inner: Link, isForeign: boolean) {
    this.address = inner.address
    this.#inner = inner
    this.#isForeign = isForeign
  }

  attach(request: AttachRequest, listener: AttachmentListener): Attachment {
    if (this.#isDead) return NOBODY
    const attachment = this.#inner.attach(request, {
      started: ({ sessionId }) =>
        listener.started({
          sessionId,
          watchAbsent: !this.#isForeign,
          numbersChanges: !this.#isForeign,
          createsOnAcquire: !this.#isForeign,
          hasRecords: !this.#isForeign,
          hasLog: !this.#isForeign,
        }),
      contact: (sentAtMs) => listener.contact(sentAtMs),
      noticed: (notice) => listener.noticed(notice),
      ended: (end) => {
        this.#live.delete(attachment)
        listener.ended(end)
      },
    })
    this.#live.set(attachment, listener)
    return {
      send: (message, answer, changed) => {
        if (this.#isDead) return 0
        const pass = (given: Answer): void => answer(this.#isForeign ? withoutToken(given) : given)
        return attachment.send(message, pass, changed)
      },
      forget: (sent) => {
        if (!this.#isDead) attachment.forget(sent)
      },
      hurry: (heartbeatMs) => {
        if (!this.#isDead) attachment.hurry(heartbeatMs)
      },
      stop: () => {
        if (!this.#isDead) attachment.stop()
      },
      leave: () => {
        this.#live.delete(attachment)
        attachment.leave()
      },
    }
  }

  get attachments(): number {
    return this.#live.size
  }

  /** Both sides hear of it; the client may come back at once. */
  break(): void {
    for (const [attachment, listener] of Array.from(this.#live)) {
      this.#live.delete(attachment)
      attachment.leave()
      listener.ended({ kind: 'broken', cause: new Error('the cable was pulled') })
    }
  }

  /** The server hears of it, the client never does; nothing passes any more. */
  die(): void {
    this.#isDead = true
    for (const attachment of this.#live.keys()) attachment.leave()
    this.#live.clear()
  }

  createNode: Link['createNode'] = (...args) => this.#inner.createNode(...args)
  alterNode: Link['alterNode'] = (...args) => this.#inner.alterNode(...args)
  describeNode: Link['describeNode'] = (...args) => this.#inner.describeNode(...args)
  dropNode: Link['dropNode'] = (...args) => this.#inner.dropNode(...args)
  listNodes: Link['listNodes'] = (...args) => this.#inner.listNodes(...args)
  ask: Link['ask'] = (...args) => this.#inner.ask(...args)
  close: Link['close'] = () => this.#inner.close()
}

function withoutToken(answer: Answer): Answer {
  return answer.kind === 'acquired' ? { kind: 'acquired', token: null } : answer
}
