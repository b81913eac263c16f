/**
 * What a server does as a client of its own nodes, when it takes tasks to handlers: told as if it had come in over a channel, so that it is
 * judged by the same rules.
 */
import type { Reply, TaskOperation } from '@tenure/protocol'
import type { Event, HostedNode, StreamCommand, StreamSink, TabletStream } from '@tenure/server'
import { ChannelStream, type FaceObserver, type TaskAsk } from './face-observer.ts'

type OpenAsk = { -readonly [K in keyof TaskAsk]: TaskAsk[K] } & { isHandling: boolean }

export interface ReportPorts {
  readonly observer: FaceObserver
  readonly nowMs: () => number
}

/** The same node, heard. */
export function heardNode(node: HostedNode, ports: ReportPorts): HostedNode {
  return {
    path: node.path,
    connect: (sink) => new DeliveryReports(node, sink, ports).stream,
  }
}

class DeliveryReports implements StreamSink {
  readonly #sink: StreamSink
  readonly #ports: ReportPorts
  readonly #channel = new ChannelStream()
  readonly #asks = new Map<bigint, OpenAsk>()
  readonly #inner: TabletStream
  #isOver = false

  constructor(node: HostedNode, sink: StreamSink, ports: ReportPorts) {
    this.#sink = sink
    this.#ports = ports
    this.#inner = node.connect(this)
  }

  get stream(): TabletStream {
    const inner = this.#inner
    const leave = (): void => this.#leave()
    return {
      get unsettled() {
        return inner.unsettled
      },
      submit: (command) => {
        this.#asked({ ...command })
        inner.submit(command)
      },
      detach(session) {
        leave()
        inner.detach(session)
      },
      close() {
        leave()
        inner.close()
      },
    }
  }

  deliver(events: readonly Event[]): void {
    for (const event of events) this.#said(event)
    this.#sink.deliver(events)
  }

  overloaded(requestId: bigint): void {
    this.#answered(requestId, { kind: 'refused', code: 'OVERLOADED', message: '' })
    this.#sink.overloaded(requestId)
  }

  ended(why: Parameters<StreamSink['ended']>[0]): void {
    this.#leave()
    this.#sink.ended(why)
  }

  #asked(command: StreamCommand): void {
    const { observer, nowMs } = this.#ports
    if (command.kind === 'attach') {
      const { session: sessionId, ...rest } = command
      observer.sessions.asked(this.#channel, { ...rest, kind: 'start', path: '', sessionId })
    } else if (command.kind === 'stop') observer.sessions.asked(this.#channel, { kind: 'stop' })
    else if (isOfTask(command)) {
      const { requestId, ...operation } = command
      const ask = { id: Number(requestId), operation, atMs: nowMs(), isHandling: false }
      this.#asks.set(requestId, ask)
      observer.tasks.asked(this.#channel, ask)
    }
  }

  #said(event: Event): void {
    if (event.kind === 'attached') {
      const { session: sessionId, timeoutMs } = event
      this.#channel.sessionId = sessionId
      const started = { kind: 'started', sessionId, timeoutMs, numbersChanges: true } as const
      this.#ports.observer.sessions.said(this.#channel, started)
    } else if ('requestId' in event) {
      const reply = replyOf(event)
      if (reply !== null) this.#answered(event.requestId, reply)
    }
  }

  #answered(requestId: bigint, reply: Reply): void {
    const ask = this.#asks.get(requestId)
    if (ask === undefined || this.#isOver) return
    if (ask.operation.kind === 'handle-theme' && reply.kind === 'done') ask.isHandling = true
    if (!ask.isHandling) this.#asks.delete(requestId)
    this.#ports.observer.tasks.said(this.#channel, ask, reply)
  }

  #leave(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#ports.observer.sessions.left(this.#channel)
    this.#ports.observer.tasks.left(this.#channel)
  }
}

type TaskCommand = Extract<StreamCommand, { kind: TaskOperation['kind'] }>

function isOfTask(command: StreamCommand): command is TaskCommand {
  return /-task$|-theme$|-handling$/.test(command.kind) && 'session' in command
}

function replyOf(event: Extract<Event, { requestId: bigint }>): Reply | null {
  if (event.kind === 'refused') {
    const { code, message } = event
    return { kind: 'refused', code, message }
  }
  if (event.kind === 'done') return { kind: 'done' }
  if (event.kind === 'task-records') {
    return { kind: event.kind, records: event.records, more: event.more }
  }
  if (event.kind !== 'task-handed-out') return null
  const { kind, task, theme, attempt, repeats, records, more } = event
  return { kind, task, theme, attempt, repeats, records, more }
}
