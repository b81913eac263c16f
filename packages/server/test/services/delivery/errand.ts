/** A hand-out whose node the test plays: every wish is remembered, and answered at once unless the test says otherwise. */
import { parseEndpoint } from '../../../src/services/delivery/endpoint.ts'
import type {
  Errand,
  EndpointAddress,
  Wish,
  WishOutcome,
} from '../../../src/services/delivery/endpoint.ts'

export interface PlayedErrand extends Errand {
  /** In short, as they came. */
  readonly wishes: readonly string[]
  readonly callOff: () => void
}

export function addressOf(handler: string): EndpointAddress {
  const address = parseEndpoint(handler)
  if (address === null) throw new Error(`${handler} is no address`)
  return address
}

export function errandTo(
  handler: string,
  options: {
    readonly records?: readonly (string | Uint8Array)[]
    readonly answer?: (wish: Wish) => WishOutcome | Promise<WishOutcome>
  } = {},
): PlayedErrand {
  const { records = ['charge'], answer = () => ({ kind: 'done' }) } = options
  const wishes: string[] = []
  const calledOff = new AbortController()
  let isEnded = false
  return {
    address: addressOf(handler),
    handOut: {
      path: '/local/orders',
      task: { term: 3n, index: 17n },
      theme: 7,
      name: 'payments',
      attempt: 2,
      repeats: 1,
      records: records.map((record) => Buffer.from(record)),
    },
    signal: calledOff.signal,
    wishes,
    callOff: () => calledOff.abort(),
    async wish(wish) {
      if (calledOff.signal.aborted) throw new Error('called off')
      wishes.push(
        'record' in wish ? `${wish.kind} ${Buffer.from(wish.record).toString()}` : textOf(wish),
      )
      if (isEnded) return { kind: 'refused', code: 'TASK_CLOSED', message: 'the task is closed' }
      const outcome = await answer(wish)
      isEnded = outcome.kind === 'done' && (wish.kind === 'delete' || wish.kind === 'store')
      return outcome
    },
  }
}

function textOf(wish: Wish): string {
  return wish.kind === 'store' ? `store ${wish.delaySeconds} ${wish.failure}`.trimEnd() : wish.kind
}
