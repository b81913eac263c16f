/** What the handles of one session share. */
import type { Clock } from '../clock.ts'
import type { Answer, Refusal, Request } from '../link/link.ts'
import type { Connection } from './connection.ts'
import type { Holdings } from './holdings.ts'
import { onAbort } from '../abort.ts'
import { Call } from './outbox.ts'
import type { Watches } from './watches.ts'

export interface SessionCore {
  readonly clock: Clock
  readonly connection: Connection
  readonly holdings: Holdings
  readonly watches: Watches
}

export interface Reply {
  readonly answer: Answer
  /** More than one means that an earlier attempt may have been done as well. */
  readonly attempts: number
}

/** Sends one request and waits for its answer, through reconnects. Rejects with the end of the session, or the reason of `signal`. */
export function ask(
  connection: Connection,
  request: Request,
  signal?: AbortSignal,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason)
      return
    }
    const call = new Call(request, {
      settle(answer, attempts) {
        deafen()
        resolve({ answer, attempts })
      },
      fail(reason) {
        deafen()
        reject(reason)
      },
    })
    const deafen = onAbort(signal, (reason) => {
      connection.outbox.drop(call)
      reject(reason)
    })
    connection.request(call)
  })
}

/** An answer of a kind that its request cannot have: the link is at fault. */
export function unexpected(request: Request, answer: Exclude<Answer, Refusal>): Error {
  const name = 'name' in request ? ` of "${request.name}"` : ''
  return new Error(`${request.kind}${name} was answered with ${answer.kind}`)
}
