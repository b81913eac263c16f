/** Who hears what passes a server's face, both ways. */
import type {
  NodeQuestion,
  Notice,
  RecordOperation,
  Reply,
  SessionRequest,
  SessionResponse,
  TaskOperation,
} from '@tenure/protocol'

/** A channel of Tenure's own protocol; stands for a stream. */
export class ChannelStream {
  sessionId = 0n
}

/**
 * Hears of sessions what passes the face, both ways: a stream of YDB's protocol is one session, and so is a channel of Tenure's own, of
 * which is told as if it were a stream.
 */
export interface SessionObserver {
  asked(stream: object, request: SessionRequest): void
  said(stream: object, response: SessionResponse): void
  /** The stream is over. */
  left(stream: object): void
}

/** A request about records, from its question on. */
export interface RecordAsk {
  readonly operation: RecordOperation
  readonly atMs: number
}

/** Hears what passes the face about records. */
export interface RecordObserver {
  asked(stream: ChannelStream, ask: RecordAsk): void
  /** Answered in the end. */
  said(stream: ChannelStream, ask: RecordAsk, reply: Reply): void
  /** A wait or a watch was taken back. */
  forgot(ask: RecordAsk): void
  /** The channel is over. */
  left(stream: ChannelStream): void
  noticed(stream: ChannelStream, notice: Notice): void
}

/** A request about the session log, from its question on. */
export interface TaskAsk {
  /** Names it on its connection. */
  readonly id: number
  readonly operation: TaskOperation
  readonly atMs: number
}

/** Hears what passes the face about the session log. */
export interface TaskObserver {
  asked(stream: ChannelStream, ask: TaskAsk): void
  /** To a `handle-theme` not only once. */
  said(stream: ChannelStream, ask: TaskAsk, reply: Reply): void
  /** Somebody asks beside all sessions. */
  questioned(question: NodeQuestion): void
  /** The channel is over. */
  left(stream: ChannelStream): void
}

/** A connection that was given up: it had said nothing for so long, and had promised to say something within a period. */
export interface Silence {
  readonly silentMs: number
  readonly periodMs: number
  readonly streams: readonly ChannelStream[]
}

export interface FaceObserver {
  readonly sessions: SessionObserver
  readonly records: RecordObserver
  readonly tasks: TaskObserver
  gaveUp(silence: Silence): void
}
