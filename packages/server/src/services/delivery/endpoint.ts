/** Where due tasks are taken to, and what one hand-out there looks like to both sides. */
import type { RefusalCode, TaskId } from '@tenure/kernel'

export interface EndpointAddress {
  readonly kind: 'grpc' | 'http'
  /** Scheme, host and port: what can be reached or not. Holds no secrets. */
  readonly origin: string
  readonly url: URL
}

/** @returns null for what is no address of a handler: `grpc://host:port`, `http://…` or `https://…` */
export function parseEndpoint(text: string): EndpointAddress | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  const { protocol, hostname, port, pathname, search, hash, username, password } = url
  if (hostname === '' || hash !== '' || username !== '' || password !== '') return null
  const origin = `${protocol}//${url.host}`
  if (protocol === 'http:' || protocol === 'https:') return { kind: 'http', origin, url }
  const isBare = (pathname === '' || pathname === '/') && search === ''
  return protocol === 'grpc:' && port !== '' && isBare ? { kind: 'grpc', origin, url } : null
}

/** As a socket is told of it. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** A task with all its records, on its way to a handler. */
export interface HandOut {
  readonly path: string
  readonly task: TaskId
  readonly theme: number
  /** The theme's. */
  readonly name: string
  readonly attempt: number
  readonly repeats: number
  readonly records: readonly Uint8Array[]
}

/** What a handler asks for while it works on its task. */
export type Wish =
  | { readonly kind: 'append'; readonly record: Uint8Array }
  | { readonly kind: 'replace'; readonly record: Uint8Array }
  | { readonly kind: 'delete' }
  | { readonly kind: 'store'; readonly delaySeconds: number; readonly failure: string }

/** What the node says to that. A refusal has no effect. */
export type WishOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string }

/** How a hand-out has ended, as far as the endpoint can tell. */
export type Verdict =
  | { readonly kind: 'delete' }
  /** `delaySeconds` 0: the theme's. */
  | { readonly kind: 'store'; readonly delaySeconds: number; readonly failure: string }
  /** The handler has no more wishes. */
  | { readonly kind: 'ended' }
  /** `isUnreachable`: nothing has come back, and it may well be that nobody is there. */
  | { readonly kind: 'failed'; readonly failure: string; readonly isUnreachable: boolean }

/** One hand-out, for who carries it. */
export interface Errand {
  readonly address: EndpointAddress
  readonly handOut: HandOut
  /** Aborts when the hand-out is called off: it took too long, or the node is lost. */
  readonly signal: AbortSignal
  /** In the order of asking. Resolves when the answer is durable; rejects when the hand-out has been called off. */
  wish(wish: Wish): Promise<WishOutcome>
}

/** A way to what listens at one origin. */
export interface Endpoint {
  /** Never rejects. */
  carry(errand: Errand): Promise<Verdict>
  /** Whether somebody accepts connections there. Never rejects. */
  reach(signal: AbortSignal): Promise<boolean>
  /** Gives up whatever is under way. */
  close(): void
}

/** Makes the way to the origin of an address. Nothing is connected by that. */
export type Dial = (address: EndpointAddress) => Endpoint

/** `term.index` */
export function taskText({ term, index }: TaskId): string {
  return `${term}.${index}`
}

export function failed(failure: string, isUnreachable = false): Verdict {
  return { kind: 'failed', failure, isUnreachable }
}

/** Nothing has come back from there. */
export function unreachable({ origin }: EndpointAddress, error: unknown): Verdict {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const reason = error instanceof Error ? error.message : String(error)
  const isCode = typeof code === 'string'
  return failed(`${origin} cannot be reached: ${isCode ? code : reason}`, true)
}
