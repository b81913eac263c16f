/**
 * The link to a shared directory: each attempt goes over the seat that this process has there, or waits for one.
 *
 * When the host has gone, what was under way ends as on any connection that broke; what comes next finds the next host, or is it.
 */
import type {
  Answer,
  AttachRequest,
  Attachment,
  AttachmentEnd,
  AttachmentListener,
  Link,
  News,
  NodeConfig,
  NodeDescription,
  OperatorAnswer,
  OperatorQuestion,
  RefusalCode,
  Request,
} from '@tenure/client'
import { TenureError } from '@tenure/client'
import { failureOf, refusalOf } from '../local/refusal.ts'
import type { Seat } from './seat.ts'
import type { SharedDirectory } from './shared-directory.ts'
import type { DirectoryUse } from './shared-directories.ts'

/** After these another host may say something else. */
const PASSING: ReadonlySet<RefusalCode> = new Set<RefusalCode>(['UNAVAILABLE', 'TIMEOUT'])

export class SharedLink implements Link {
  readonly address: string
  readonly #use: DirectoryUse

  /** @param use is released when the link closes */
  constructor(address: string, use: DirectoryUse) {
    this.address = address
    this.#use = use
  }

  createNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void> {
    return this.#over((link) => link.createNode(path, config, signal), `create node "${path}"`)
  }

  alterNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void> {
    return this.#over((link) => link.alterNode(path, config, signal), `alter node "${path}"`)
  }

  describeNode(path: string, signal?: AbortSignal): Promise<NodeDescription> {
    return this.#over((link) => link.describeNode(path, signal), `describe node "${path}"`)
  }

  dropNode(path: string, signal?: AbortSignal): Promise<void> {
    return this.#over((link) => link.dropNode(path, signal), `drop node "${path}"`)
  }

  listNodes(prefix: string, signal?: AbortSignal): Promise<NodeDescription[]> {
    // Everywhere in the directory, also for a guest, whose link knows one database.
    const start = prefix === '' ? '/' : prefix
    return this.#over((link) => link.listNodes(start, signal), `list nodes "${start}"`)
  }

  ask(path: string, question: OperatorQuestion, signal?: AbortSignal): Promise<OperatorAnswer> {
    return this.#over((link) => link.ask(path, question, signal), `ask node "${path}"`)
  }

  attach(request: AttachRequest, listener: AttachmentListener): Attachment {
    const attachment = new SharedAttachment(this.#use.directory, request, listener)
    void attachment.begin()
    return attachment
  }

  async close(): Promise<void> {
    await this.#use.release()
  }

  async #over<T>(call: (link: Link) => Promise<T>, asked: string): Promise<T> {
    const { directory } = this.#use
    let seat: Seat
    try {
      seat = await directory.seat()
    } catch (error) {
      throw failureOf(error, `cannot ${asked} at ${this.address}`)
    }
    try {
      return await call(seat.link)
    } catch (error) {
      if (error instanceof TenureError && error.retryable) directory.doubt(seat)
      throw error
    }
  }
}

/** An attachment that begins as soon as there is a seat. */
class SharedAttachment implements Attachment {
  readonly #directory: SharedDirectory
  readonly #request: AttachRequest
  readonly #listener: AttachmentListener
  #inner: Attachment | null = null
  #isOver = false
  #heartbeatMs: number

  constructor(directory: SharedDirectory, request: AttachRequest, listener: AttachmentListener) {
    this.#directory = directory
    this.#request = request
    this.#listener = listener
    this.#heartbeatMs = request.heartbeatMs
  }

  async begin(): Promise<void> {
    let seat: Seat
    try {
      seat = await this.#directory.seat()
    } catch (error) {
      const refusal = refusalOf(error)
      this.#end(refusal === null ? { kind: 'broken', cause: error } : { kind: 'refused', refusal })
      return
    }
    if (this.#isOver) return
    const listener = this.#listener
    this.#inner = seat.link.attach(
      { ...this.#request, heartbeatMs: this.#heartbeatMs },
      {
        started: (started) => listener.started(started),
        contact: (sentAtMs) => listener.contact(sentAtMs),
        noticed: (notice) => listener.noticed(notice),
        kept: (untilMs, spanMs) => listener.kept?.(untilMs, spanMs),
        ended: (end) => {
          if (isPassing(end)) this.#directory.doubt(seat)
          this.#end(end)
        },
      },
    )
  }

  send(request: Request, answer: (answer: Answer) => void, told?: (news: News) => void): number {
    return this.#inner?.send(request, answer, told) ?? 0
  }

  forget(sent: number): void {
    this.#inner?.forget(sent)
  }

  hurry(heartbeatMs: number): void {
    this.#heartbeatMs = Math.min(this.#heartbeatMs, heartbeatMs)
    this.#inner?.hurry(heartbeatMs)
  }

  stop(): void {
    this.#inner?.stop()
  }

  leave(): void {
    this.#isOver = true
    this.#inner?.leave()
  }

  #end(end: AttachmentEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#listener.ended(end)
  }
}

function isPassing(end: AttachmentEnd): boolean {
  return end.kind === 'broken' || (end.kind === 'refused' && PASSING.has(end.refusal.code))
}
