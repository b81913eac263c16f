/**
 * A server that says what the test wants, when it wants: for what a real server cannot be made to show at a given moment, such as an
 * answer that is lost, an answer that comes late, or silence by a clock that the test moves.
 */
import type {
  Answer,
  Attachment,
  AttachmentListener,
  AttachRequest,
  Description,
  Link,
  News,
  OperatorAnswer,
  RefusalCode,
  Request,
  Started,
} from '../src/link/link.ts'
import type { Random } from '../src/random.ts'
import { Session, type SessionOptions } from '../src/session.ts'
import { settingsOf } from '../src/session/options.ts'
import { FakeClock } from './fake-clock.ts'

export interface Sent {
  readonly request: Request
  readonly answer: (answer: Answer) => void
  readonly told: ((news: News) => void) | undefined
  /** The server lets the watch fire. */
  readonly changed: (() => void) | undefined
  /** The server shows the watch, which stands, what the answer describes. */
  readonly shown: ((state: Answer) => void) | undefined
}

export class FakeAttachment implements Attachment {
  readonly request: AttachRequest
  readonly listener: AttachmentListener
  readonly sent: Sent[] = []
  /** What was forgotten, as places in `sent`. */
  readonly forgotten: number[] = []
  heartbeatMs: number
  isStopped = false
  isLeft = false

  constructor(request: AttachRequest, listener: AttachmentListener) {
    this.request = request
    this.listener = listener
    this.heartbeatMs = request.heartbeatMs
  }

  send(request: Request, answer: (answer: Answer) => void, told?: (news: News) => void): number {
    const changed = told && ((): void => told({ kind: 'changed' }))
    const shown =
      told && ((state: Answer): void => told({ kind: 'shown', description: seen(state) }))
    return this.sent.push({ request, answer, told, changed, shown }) - 1
  }

  forget(sent: number): void {
    this.forgotten.push(sent)
  }

  hurry(heartbeatMs: number): void {
    this.heartbeatMs = Math.min(this.heartbeatMs, heartbeatMs)
  }

  stop(): void {
    this.isStopped = true
  }

  leave(): void {
    this.isLeft = true
  }

  start(offers: Partial<Started> = {}): void {
    this.listener.started({
      sessionId: 7n,
      watchAbsent: true,
      numbersChanges: false,
      createsOnAcquire: false,
      hasRecords: false,
      hasLog: false,
      ...offers,
    })
  }

  break(): void {
    this.listener.ended({ kind: 'broken', cause: new Error('the cable was pulled') })
  }

  refuse(code: RefusalCode): void {
    this.listener.ended({
      kind: 'refused',
      refusal: { kind: 'refused', code, message: 'says the test' },
    })
  }

  /** The requests of one kind, in the order in which they were sent. */
  of<K extends Request['kind']>(
    kind: K,
  ): (Sent & { readonly request: Extract<Request, { kind: K }> })[] {
    return this.sent.filter(
      (sent): sent is Sent & { readonly request: Extract<Request, { kind: K }> } =>
        sent.request.kind === kind,
    )
  }

  get last(): Sent {
    const sent = this.sent.at(-1)
    if (sent === undefined) throw new Error('nothing was sent')
    return sent
  }
}

function seen(state: Answer): Description | null {
  return state.kind === 'described' ? state.description : null
}

export class FakeLink implements Link {
  readonly address = 'fake:'
  readonly attachments: FakeAttachment[] = []

  attach(request: AttachRequest, listener: AttachmentListener): Attachment {
    const attachment = new FakeAttachment(request, listener)
    this.attachments.push(attachment)
    return attachment
  }

  get last(): FakeAttachment {
    const attachment = this.attachments.at(-1)
    if (attachment === undefined) throw new Error('nobody has attached')
    return attachment
  }

  createNode = (): Promise<void> => Promise.resolve()
  alterNode = (): Promise<void> => Promise.resolve()
  describeNode = (path: string): Promise<{ path: string; config: object }> =>
    Promise.resolve({ path, config: {} })
  dropNode = (): Promise<void> => Promise.resolve()
  listNodes = (): Promise<never[]> => Promise.resolve([])
  ask = (): Promise<OperatorAnswer> => Promise.resolve({ kind: 'done' })
  close = (): Promise<void> => Promise.resolve()
}

/** Chance that always says the same. */
export function fixedRandom(fraction: number): Random {
  return { fraction: () => fraction, bytes: (length) => new Uint8Array(length).fill(9) }
}

export interface FakeWorld {
  readonly session: Session
  readonly link: FakeLink
  readonly clock: FakeClock
}

/** An attached session over a fake link, with a clock of the test. */
export async function fakeSession(
  options: SessionOptions = {},
  offers: { readonly watchAbsent?: boolean } = {},
): Promise<FakeWorld> {
  const link = new FakeLink()
  const clock = new FakeClock()
  const ground = { link, clock, random: fixedRandom(1) }
  const opening = Session.open(ground, '/local/test', settingsOf(options, ground.random))
  link.last.start(offers)
  return { session: await opening, link, clock }
}

/** Lets everything that is ready run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Whether `promise` is fulfilled when everything that is ready has run. */
export async function isFulfilled(promise: Promise<unknown>): Promise<boolean> {
  await settled()
  const pending = {}
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending
}
