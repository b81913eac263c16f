/**
 * The link to a server that may or may not speak Tenure's own protocol.
 *
 * It begins with the own protocol. As soon as one server of the address says that it does not speak it, everything that is new goes
 * over YDB's, for as long as the link lives: every server speaks that, also the others of the same address, so a session finds its
 * way to any of them. What began over the own protocol stays there until its connection ends.
 */
import { UnsupportedError } from '../errors.ts'
import type { NodeConfig, NodeDescription } from '../node.ts'
import { type Ground, groundOf, type LinkOptions } from './grpc/ground.ts'
import type {
  Answer,
  Attachment,
  AttachmentEnd,
  AttachmentListener,
  AttachRequest,
  Link,
  News,
  OperatorAnswer,
  OperatorQuestion,
  Request,
} from './link.ts'
import { TenureLink } from './tenure/link.ts'
import { YdbLink } from './ydb/link.ts'

export class ServerLink implements Link {
  readonly address: string
  readonly #tenure: TenureLink
  readonly #ydb: YdbLink

  /**
   * Nothing is connected before it is needed.
   *
   * @throws RangeError when the address has another form
   */
  constructor(connectionString: string, options: LinkOptions = {}) {
    const ground: Ground = groundOf(connectionString, options)
    this.address = ground.address
    this.#tenure = new TenureLink(ground)
    this.#ydb = new YdbLink(ground)
  }

  createNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void> {
    return this.#either((link) => link.createNode(path, config, signal))
  }

  alterNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void> {
    return this.#either((link) => link.alterNode(path, config, signal))
  }

  describeNode(path: string, signal?: AbortSignal): Promise<NodeDescription> {
    return this.#either((link) => link.describeNode(path, signal))
  }

  dropNode(path: string, signal?: AbortSignal): Promise<void> {
    return this.#either((link) => link.dropNode(path, signal))
  }

  listNodes(prefix: string, signal?: AbortSignal): Promise<NodeDescription[]> {
    return this.#either((link) => link.listNodes(prefix, signal))
  }

  ask(path: string, question: OperatorQuestion, signal?: AbortSignal): Promise<OperatorAnswer> {
    return this.#either((link) => link.ask(path, question, signal))
  }

  attach(request: AttachRequest, listener: AttachmentListener): Attachment {
    if (!this.#tenure.isSpoken) return this.#ydb.attach(request, listener)
    return new ServerAttachment({ tenure: this.#tenure, ydb: this.#ydb }, request, listener)
  }

  async close(): Promise<void> {
    await this.#tenure.close()
    await this.#ydb.close()
  }

  async #either<T>(call: (link: Link) => Promise<T>): Promise<T> {
    if (this.#tenure.isSpoken) {
      try {
        return await call(this.#tenure)
      } catch (error) {
        if (this.#tenure.isSpoken || !(error instanceof UnsupportedError)) throw error
      }
    }
    return call(this.#ydb)
  }
}

interface Links {
  readonly tenure: TenureLink
  readonly ydb: YdbLink
}

/** An attachment over the own protocol, until the server turns out not to speak it: then one over YDB's. */
class ServerAttachment implements Attachment {
  readonly #links: Links
  readonly #request: AttachRequest
  readonly #listener: AttachmentListener
  #inner: Attachment
  #heartbeatMs: number

  constructor(links: Links, request: AttachRequest, listener: AttachmentListener) {
    this.#links = links
    this.#request = request
    this.#listener = listener
    this.#heartbeatMs = request.heartbeatMs
    this.#inner = links.tenure.attach(request, {
      started: (started) => listener.started(started),
      contact: (sentAtMs) => listener.contact(sentAtMs),
      noticed: (notice) => listener.noticed(notice),
      kept: (untilMs, spanMs) => listener.kept?.(untilMs, spanMs),
      ended: (end) => this.#ended(end),
    })
  }

  send(request: Request, answer: (answer: Answer) => void, told?: (news: News) => void): number {
    return this.#inner.send(request, answer, told)
  }

  forget(sent: number): void {
    this.#inner.forget(sent)
  }

  hurry(heartbeatMs: number): void {
    this.#heartbeatMs = Math.min(this.#heartbeatMs, heartbeatMs)
    this.#inner.hurry(heartbeatMs)
  }

  stop(): void {
    this.#inner.stop()
  }

  leave(): void {
    this.#inner.leave()
  }

  #ended(end: AttachmentEnd): void {
    const { tenure, ydb } = this.#links
    const isUnspoken = end.kind === 'refused' && end.refusal.code === 'UNSUPPORTED'
    if (isUnspoken && !tenure.isSpoken) {
      const request = { ...this.#request, heartbeatMs: this.#heartbeatMs }
      this.#inner = ydb.attach(request, this.#listener)
    } else this.#listener.ended(end)
  }
}
