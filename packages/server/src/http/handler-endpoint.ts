/** Handlers that are asked by HTTP, behind one origin: a POST for each hand-out, and only the status of its response counts. */
import { Agent, request, STATUS_CODES } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { connect } from 'node:net'
import type { Clock } from '../clock.ts'
import type {
  Endpoint,
  EndpointAddress,
  Errand,
  HandOut,
  Verdict,
} from '../services/delivery/endpoint.ts'
import { failed, hostOf, taskText, unreachable } from '../services/delivery/endpoint.ts'
import {
  CONNECT_MS,
  RESPONSE_BODY_MS,
  RESPONSE_BYTES_MAX,
  SOCKET_PROBE_MS,
} from '../services/delivery/limits.ts'

const MS_PER_SECOND = 1000
const U32_MAX = 0xffff_ffff

/** Statuses that say "not now": with a Retry-After they say when. */
const NOT_NOW: ReadonlySet<number> = new Set([409, 429, 503])

export class HttpHandlerEndpoint implements Endpoint {
  readonly #address: EndpointAddress
  readonly #clock: Clock
  readonly #agent: Agent

  constructor(address: EndpointAddress, clock: Clock) {
    this.#address = address
    this.#clock = clock
    const isSecure = address.url.protocol === 'https:'
    this.#agent = new (isSecure ? SecureAgent : Agent)({ keepAlive: true })
  }

  async carry(errand: Errand): Promise<Verdict> {
    const body = Buffer.from(JSON.stringify(bodyOf(errand.handOut)))
    const posted = await this.#post(errand, body)
    // The other side may close a connection that waits for its next use at the moment of that use.
    const verdict = posted === 'stale' ? await this.#post(errand, body) : posted
    return verdict === 'stale' ? unreachable(this.#address, new Error('reset')) : verdict
  }

  reach(signal: AbortSignal): Promise<boolean> {
    const { url } = this.#address
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
    return new Promise((resolve) => {
      const socket = connect({ host: hostOf(url), port })
      const settle = (isReached: boolean): void => {
        overdue.cancel()
        signal.removeEventListener('abort', giveUp)
        socket.destroy()
        resolve(isReached)
      }
      const giveUp = (): void => settle(false)
      const overdue = this.#clock.after(CONNECT_MS, giveUp)
      signal.addEventListener('abort', giveUp, { once: true })
      socket.once('connect', () => settle(true))
      socket.once('error', giveUp)
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  #post({ address, handOut, signal }: Errand, body: Buffer): Promise<Verdict | 'stale'> {
    const { url } = address
    const options = { method: 'POST', agent: this.#agent, headers: headersOf(handOut, body) }
    return new Promise((resolve) => {
      const posting = (url.protocol === 'https:' ? secureRequest : request)(url, options)
      const callOff = (): void => void posting.destroy(new Error('called off'))
      const connected = this.#watchConnecting(posting)
      const settle = (verdict: Verdict | 'stale'): void => {
        connected()
        signal.removeEventListener('abort', callOff)
        resolve(verdict)
      }
      signal.addEventListener('abort', callOff, { once: true })
      posting.once('response', (response) => {
        this.#drain(response)
        settle(this.#verdictOf(response))
      })
      posting.on('error', (error) => {
        const isStale = posting.reusedSocket && codeOf(error) === 'ECONNRESET' && !signal.aborted
        settle(isStale ? 'stale' : this.#failureOf(error, signal))
      })
      posting.end(body)
    })
  }

  /** @returns what is to be called when there is no need to watch any more */
  #watchConnecting(posting: ClientRequest): () => void {
    const overdue = this.#clock.after(CONNECT_MS, () => {
      posting.destroy(new Error(`nobody has answered within ${CONNECT_MS / MS_PER_SECOND} s`))
    })
    const stop = (): void => overdue.cancel()
    posting.once('socket', (socket) => {
      if (!socket.connecting) return stop()
      socket.setKeepAlive(true, SOCKET_PROBE_MS)
      socket.once(this.#address.url.protocol === 'https:' ? 'secureConnect' : 'connect', stop)
    })
    return stop
  }

  #drain(response: IncomingMessage): void {
    let bytes = 0
    const overdue = this.#clock.after(RESPONSE_BODY_MS, () => response.destroy())
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > RESPONSE_BYTES_MAX) response.destroy()
    })
    response.on('error', () => {})
    response.once('close', () => overdue.cancel())
  }

  #verdictOf({ statusCode = 0, headers }: IncomingMessage): Verdict {
    if (statusCode >= 200 && statusCode < 300) return { kind: 'delete' }
    const failure = `HTTP ${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trimEnd()
    const retryAfter = headers['retry-after']
    const delaySeconds =
      retryAfter !== undefined && NOT_NOW.has(statusCode)
        ? secondsOf(retryAfter, this.#clock.wallMs())
        : null
    return delaySeconds === null ? failed(failure) : { kind: 'store', delaySeconds, failure }
  }

  /** Nothing was answered that could be understood. */
  #failureOf(error: Error, signal: AbortSignal): Verdict {
    if (signal.aborted) return failed('called off')
    // The parser's words for bytes that are no HTTP: somebody is there, and answers.
    if (codeOf(error).startsWith('HPE_')) return failed('the handler speaks no HTTP')
    return unreachable(this.#address, error)
  }
}

function bodyOf(handOut: HandOut): Record<string, unknown> {
  const { path, task, theme, name, attempt, repeats, records } = handOut
  const encoded = records.map((record) => Buffer.from(record).toString('base64'))
  return { path, task: taskText(task), theme, name, attempt, repeats, records: encoded }
}

function headersOf({ task, attempt }: HandOut, body: Buffer): Record<string, string | number> {
  return {
    'content-type': 'application/json',
    'content-length': body.length,
    'idempotency-key': `${taskText(task)}/${attempt}`,
  }
}

/** @returns null for what is neither a number of seconds nor a date. At least one second: none would mean the theme's delay */
function secondsOf(retryAfter: string, nowMs: number): number | null {
  const atMs = Date.parse(retryAfter)
  const isNumber = /^\d+$/.test(retryAfter)
  if (!isNumber && Number.isNaN(atMs)) return null
  const seconds = isNumber ? Number(retryAfter) : Math.ceil((atMs - nowMs) / MS_PER_SECOND)
  return Math.min(Math.max(seconds, 1), U32_MAX)
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
