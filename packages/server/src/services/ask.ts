/** One question to a node and its answer. */
import type { Event } from '@tenure/kernel'
import type { Clock } from '../clock.ts'
import type { HostedNode } from '../host/host.ts'
import type { StreamCommand } from '../tablet/stream.ts'
import { UNARY_ANSWER_MS } from './limits.ts'

/** What came back: an event; or that the node took no command; or that it is not there, and whether the command may have been done. */
export type Answer =
  | Event
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'unavailable'; readonly mayBeDone: boolean }

/** Asks over a stream of its own. Never rejects. */
export async function ask(node: HostedNode, command: StreamCommand, clock: Clock): Promise<Answer> {
  return new Promise((resolve) => {
    let isTaken = false
    const settle = (answer: Answer): void => {
      timer.cancel()
      stream.close()
      resolve(answer)
    }
    const stream = node.connect({
      deliver: ([event]) => {
        // Nothing is said yet of a question that waits for what has to be read.
        isTaken = true
        if (event !== undefined) settle(event)
      },
      overloaded: () => settle({ kind: 'overloaded' }),
      ended: (why) => settle(unavailable(isTaken || why === 'failed')),
    })
    const timer = clock.after(UNARY_ANSWER_MS, () => settle(unavailable(true)))
    stream.submit(command)
  })
}

function unavailable(mayBeDone: boolean): Answer {
  return { kind: 'unavailable', mayBeDone }
}
