/** What the parts of the model share: the time, what is said, and to whom. */
import type { Command, Event, Limits } from '@tenure/kernel'

export type Of<K extends Command['kind']> = Extract<Command, { kind: K }>
export type Code = Extract<Event, { kind: 'refused' }>['code']
export type Asked = { stream: number; requestId: bigint }

/** Something that ends at `due`; of two with the same moment the one that was set first. */
export type Due = { due: number; set: number }

export type Session = Due & {
  id: bigint
  timeout: number
  stream: number | null
  visit: number
  last: bigint
  key: string
}
export type Semaphore = { name: string; limit: bigint; ephemeral: boolean; data: Uint8Array }
export type Holder = Due & {
  session: Session
  name: string
  orderId: bigint
  owns: boolean
  count: bigint
  timeout: bigint
  data: Uint8Array
  request: bigint
  visit: number
}

export class Ground {
  now = 0
  said: Event[] = []
  readonly limits: Limits
  #sets = 0

  constructor(limits: Limits) {
    this.limits = limits
  }

  begin(now: number): void {
    this.now = now
    this.said = []
  }

  setDue(it: Due, after: number): void {
    Object.assign(it, { due: this.now + after, set: this.#sets++ })
  }

  say(event: Event): void {
    this.said.push(event)
  }

  done(to: Asked): void {
    this.say({ kind: 'done', ...asked(to) })
  }

  refuse(to: Asked, code: Code): void {
    this.say({ kind: 'refused', ...asked(to), code, message: '' })
  }

  /** The outcome of an acquire, unless its session has left the stream that asked. */
  answer(holder: Holder, what: 'acquired' | 'pending' | 'not-acquired' | 'aborted'): void {
    const { session, request: requestId, visit, orderId } = holder
    if (session.stream === null || session.visit !== visit) return
    const to = { stream: session.stream, requestId }
    if (what === 'aborted') this.refuse(to, 'ABORTED')
    else if (what === 'not-acquired') this.say({ kind: what, ...to })
    else this.say({ kind: what, ...to, orderId })
  }
}

export function asked({ stream, requestId }: Asked): Asked {
  return { stream, requestId }
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
