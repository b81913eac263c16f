/**
 * What is a write, and the order in which those that are sent again must reach the server.
 *
 * A write that is sent again may be put off by the server, and tried once more. What the session has written to the same name or
 * key after it waits for it: else the older write could undo a newer one that was acknowledged. A write with several keys stands in the
 * lines of all of them, and is sent when it is the first in each.
 */
import type { Request } from '../link/link.ts'

type WriteKind =
  | 'create'
  | 'update'
  | 'delete'
  | 'create-record'
  | 'put-record'
  | 'cas-record'
  | 'delete-record'
  | 'transact'
  | 'grant-lease'
  | 'release-lease'

/** What changes the node itself: the last one counts, and each has a number. */
export type WriteRequest = Extract<Request, { readonly kind: WriteKind }>

const WRITES: ReadonlySet<Request['kind']> = new Set<WriteKind>([
  'create',
  'update',
  'delete',
  'create-record',
  'put-record',
  'cas-record',
  'delete-record',
  'transact',
  'grant-lease',
  'release-lease',
])

export function isWrite(request: Request): request is WriteRequest {
  return WRITES.has(request.kind)
}

/** The names of the lines in which a write stands. */
function linesOf(request: Request): readonly string[] {
  if (!isWrite(request)) return []
  switch (request.kind) {
    case 'create':
    case 'update':
    case 'delete':
      return [`semaphore ${request.name}`]
    case 'create-record':
    case 'put-record':
    case 'cas-record':
    case 'delete-record':
      return [lineOfKey(request.key)]
    case 'transact': {
      const written = [...request.then, ...request.otherwise].filter(({ kind }) => kind !== 'get')
      return [...new Set(written.map(({ key }) => lineOfKey(key)))]
    }
    case 'release-lease':
      return [`lease ${request.lease}`]
    case 'grant-lease':
      return []
    default:
      return request satisfies never
  }
}

function lineOfKey(key: Uint8Array): string {
  return `key ${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')}`
}

interface Write {
  readonly request: Request
  readonly attempts: number
}

/** The lines of one session on one attachment. */
export class WriteLines<Call extends Write> {
  /** By name: a write that is sent again, and the writes behind it. */
  readonly #lines = new Map<string, Call[]>()
  /** The writes in the lines: in which of them, and whether it was sent on this attachment. */
  readonly #places = new Map<Call, { readonly names: readonly string[]; isSent: boolean }>()

  /** @returns whether the call is to be sent now; else it comes out of `leave` when it is */
  enter(call: Call): boolean {
    if (call.attempts === 0 && this.#lines.size === 0) return true
    const names = linesOf(call.request)
    const mustWait = names.some((name) => this.#lines.has(name))
    if (!mustWait && call.attempts === 0) return true
    for (const name of names) {
      const line = this.#lines.get(name)
      if (line === undefined) this.#lines.set(name, [call])
      else line.push(call)
    }
    this.#places.set(call, { names, isSent: !mustWait })
    return !mustWait
  }

  /** The call is answered or dropped. @returns what is to be sent now */
  leave(call: Call): Call[] {
    const place = this.#places.get(call)
    if (place === undefined) return []
    this.#places.delete(call)
    const ready: Call[] = []
    for (const name of place.names) {
      const line = (this.#lines.get(name) ?? []).filter((other) => other !== call)
      if (line.length === 0) this.#lines.delete(name)
      else this.#lines.set(name, line)
    }
    for (const name of place.names) ready.push(...this.#advance(name))
    return ready
  }

  clear(): void {
    this.#lines.clear()
    this.#places.clear()
  }

  /** Those that were sent before wait for each other in turn; from the first new one on nothing has to wait. */
  #advance(name: string): Call[] {
    const head = this.#lines.get(name)?.[0]
    const place = head && this.#places.get(head)
    if (head === undefined || place === undefined || place.isSent) return []
    if (place.names.some((other) => this.#lines.get(other)?.[0] !== head)) return []
    place.isSent = true
    return head.attempts > 0 ? [head] : [head, ...this.leave(head)]
  }
}
