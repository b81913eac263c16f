/** Bugs of Tenure's own protocol: connections and their channels, at the server and in the client library. */
import type { Mutant } from './mutant.ts'

const NODE_WAY = 'packages/server/src/services/connection/node-way.ts'
const SILENCE = 'packages/server/src/services/connection/silence.ts'
const TRANSLATION = 'packages/server/src/services/connection/translation.ts'
const STREAM = 'packages/server/src/services/connection/connection-stream.ts'
const ATTACHMENT = 'packages/client/src/link/tenure/attachment.ts'
const ASKERS = 'packages/client/src/link/tenure/askers.ts'
const CONNECTION = 'packages/client/src/link/tenure/connection.ts'
const HEARTBEAT = 'packages/client/src/link/tenure/heartbeat.ts'

const SERVER: readonly Mutant[] = [
  {
    name: 'a silent connection is never given up',
    breaks: 'S2',
    file: SILENCE,
    original: 'return this.#heardAtMs + this.#periodMs * PERIODS',
    planted: 'return this.#heardAtMs + this.#periodMs * PERIODS * 1_000',
  },
  {
    name: 'a connection that is over keeps its sessions',
    breaks: 'S2',
    file: STREAM,
    original: '    this.#channels.close()\n',
    planted: '',
  },
  {
    name: 'a session that is left stays attached',
    breaks: 'S2',
    file: NODE_WAY,
    original: `    this.#stream?.detach(channel.session)
    this.#drop(channel)
    this.#account()`,
    planted: `    this.#drop(channel)
    this.#account()`,
  },
  {
    name: 'the end of a session is said on another channel',
    breaks: 'S6',
    file: NODE_WAY,
    original: `    const channel = this.#sessions.get(session)
    if (channel !== undefined) this.#end(channel, code, message)`,
    planted: `    const channel = [...this.#sessions.values()].at(-1)
    if (channel !== undefined && session > 0n) this.#end(channel, code, message)`,
  },
  {
    name: 'a connection is given up though it speaks',
    breaks: 'S1',
    file: STREAM,
    original:
      'receiveFrame(messages: readonly ClientMessage[]): void {\n    this.#silence?.heard()\n',
    planted: 'receiveFrame(messages: readonly ClientMessage[]): void {\n',
  },
  {
    name: 'a connection is given up after one period',
    breaks: 'S1',
    file: SILENCE,
    original: 'const PERIODS = 2',
    planted: 'const PERIODS = 1',
  },
  {
    name: 'the token of a grant is that of the one before',
    breaks: 'X2',
    file: TRANSLATION,
    original: "return { kind: 'acquired', token: event.orderId }",
    planted: "return { kind: 'acquired', token: event.orderId - 1n }",
  },
  {
    name: 'the session of a request is that of another channel',
    breaks: 'X1',
    file: NODE_WAY,
    original: 'this.#stream?.submit(commandOf(asked.operation, session, BigInt(asked.id)))',
    planted:
      'this.#stream?.submit(commandOf(asked.operation, [...this.#sessions.keys()][0] ?? session, BigInt(asked.id)))',
  },
]

const CLIENT: readonly Mutant[] = [
  {
    name: 'the beginning of a session is heard by another',
    breaks: 'S6',
    file: CONNECTION,
    original: 'tenant?.attached(message.sessionId, this.#capabilities)',
    planted: '[...this.#tenants.values()].at(-1)?.attached(message.sessionId, this.#capabilities)',
  },
  {
    name: 'a pong is good for as long as it took',
    breaks: 'X7',
    file: HEARTBEAT,
    original: '    this.#options.answered(sentAtMs)\n',
    planted: '    this.#options.answered(Math.max(sentAtMs, this.#options.clock.monotonicMs()))\n',
  },
  {
    name: 'an answer is good from when it came',
    breaks: 'X7',
    file: ATTACHMENT,
    original: '    this.#attachment.contact(this.sentAtMs)\n',
    planted: '    this.#attachment.contact(this.sentAtMs + 1_000)\n',
  },
  {
    name: 'a heartbeat that is not answered is no matter',
    breaks: 'O2',
    file: HEARTBEAT,
    original: '    if (this.#ping === null) this.#say()\n    else if (nowMs',
    planted: '    if (this.#ping === null || nowMs > 0) this.#say()\n    else if (nowMs',
  },
  {
    name: 'a state is shown to the watch before',
    breaks: 'W3',
    file: ASKERS,
    original: 'this.get(id)?.shown(state)',
    planted: 'this.get(id - 1)?.shown(state)',
  },
  {
    name: 'the end of one session is not heard',
    breaks: 'O2',
    file: CONNECTION,
    original: "if (message.kind === 'ended') tenant?.ended(message)",
    planted:
      "if (message.kind === 'ended') { if (message.code === 'STOPPED') tenant?.ended(message) }",
  },
  {
    name: 'who leaves a session does not say so',
    breaks: 'S2',
    file: ATTACHMENT,
    original: "      this.#connection.say({ kind: 'leave', channel: this.#channel })\n",
    planted: '',
  },
  {
    name: 'what breaks a connection is not told to its sessions',
    breaks: 'O2',
    file: CONNECTION,
    original: "    this.#use?.fail()\n    this.#end({ kind: 'broken', cause })",
    planted: '    this.#use?.fail()\n    void cause',
  },
]

export const CONNECTION_MUTANTS: readonly Mutant[] = [...SERVER, ...CLIENT]
