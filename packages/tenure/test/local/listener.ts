/** One attachment of a link, and what its listener hears. */
import type {
  Answer,
  Attachment,
  AttachmentEnd,
  AttachmentListener,
  Link,
  Request,
  Started,
} from '@tenure/client'

/** Where the tests of links have their node. */
export const PATH = '/local/app'

type Notice = Parameters<AttachmentListener['noticed']>[0]

/** An attachment, and what its listener hears. */
export class Listener {
  readonly attachment: Attachment
  readonly started: Promise<Started>
  readonly ended: Promise<AttachmentEnd>
  readonly contacts: number[] = []
  readonly notices: Notice[] = []
  #started: (value: Started) => void = () => {}
  #ended: (value: AttachmentEnd) => void = () => {}
  #contact: (() => void) | null = null

  constructor(
    link: Link,
    { sessionId = 0n, path = PATH, heartbeatMs = 10_000, sequenceNumber = 1n } = {},
  ) {
    this.started = new Promise((resolve) => {
      this.#started = resolve
    })
    this.ended = new Promise((resolve) => {
      this.#ended = resolve
    })
    const request = {
      path,
      sessionId,
      timeoutMs: 5_000,
      description: 'test',
      sequenceNumber,
      heartbeatMs,
    }
    this.attachment = link.attach(
      { ...request, protectionKey: new Uint8Array([7]) },
      {
        started: (started) => this.#started(started),
        ended: (end) => this.#ended(end),
        contact: (sentAtMs) => {
          this.contacts.push(sentAtMs)
          this.#contact?.()
        },
        noticed: (notice) => this.notices.push(notice),
      },
    )
  }

  ask(request: Request, changed?: () => void): Promise<Answer> {
    return new Promise((resolve) => this.attachment.send(request, resolve, changed))
  }

  /** Sends a request that is not waited for. */
  send(request: Request, answer: (answer: Answer) => void = () => undefined): number {
    return this.attachment.send(request, answer)
  }

  nextContact(): Promise<void> {
    return new Promise((resolve) => {
      this.#contact = resolve
    })
  }
}
