/** A link over tenure.v1 to a server and by a clock that the test moves. */
import type { Credentials } from '../../../src/credentials.ts'
import type { Attachment, AttachRequest } from '../../../src/link/link.ts'
import { TenureLink } from '../../../src/link/tenure/link.ts'
import { FakeClock } from '../../fake-clock.ts'
import { attachRequest, FakeServer, type FakeStream, Told, turn } from './fake-server.ts'

export interface Joined {
  readonly attachment: Attachment
  readonly told: Told
  /** Of the session on its stream. */
  readonly channel: number
}

export class Stage {
  readonly clock = new FakeClock()
  readonly server = new FakeServer()
  readonly link: TenureLink

  constructor({
    hosts = 'one:1,two:2',
    credentials = { kind: 'anonymous' },
  }: { hosts?: string; credentials?: Credentials } = {}) {
    const { clock, server } = this
    this.link = new TenureLink(`grpc://${hosts}/local`, { clock, credentials, dial: server.dial })
  }

  get stream(): FakeStream {
    return this.server.last
  }

  attach(options: Partial<AttachRequest> = {}): { attachment: Attachment; told: Told } {
    const told = new Told()
    return { attachment: this.link.attach(attachRequest(options), told), told }
  }

  /** A session that has started, on a connection that is greeted if it is new. */
  async join(options: Partial<AttachRequest> = {}): Promise<Joined> {
    const before = this.server.streams.length
    const { attachment, told } = this.attach(options)
    await turn()
    if (this.server.streams.length > before) this.stream.greet()
    await turn()
    const channel = this.stream.of('attach').at(-1)?.id ?? 0
    const sessionId = options.sessionId ?? BigInt(channel)
    this.stream.say({ kind: 'attached', channel, sessionId, timeoutMs: 10_000n })
    await turn()
    return { attachment, told, channel }
  }

  /** Lets the time pass while the server answers each ping at once. */
  async live(ms: number, stepMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      this.pong()
      this.clock.advance(stepMs)
      await turn()
    }
  }

  /** Answers the latest ping. */
  pong(): void {
    const id = this.stream.of('ping').at(-1)?.id
    if (id !== undefined) this.stream.say({ kind: 'pong', id })
  }
}
