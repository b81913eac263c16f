/** What standing watches see, as messages of Tenure's own protocol: a state is translated once for all connections that are shown it. */
import type { SemaphoreDescription, SemaphoreShown } from '@tenure/kernel'
import type { SemaphoreMessage, ServerMessage } from '@tenure/protocol'
import { DESCRIPTION_BYTES_MAX } from '../limits.ts'
import { descriptionBytes, semaphoreMessage } from '../session-answer.ts'

/** null for a state that is too large to be sent. */
const translated = new WeakMap<SemaphoreDescription, SemaphoreMessage | null>()

export function sayShown(event: SemaphoreShown, say: (message: ServerMessage) => void): void {
  const { requestIds, description } = event
  const state = description === null ? null : translationOf(description)
  const ids = requestIds.map(Number)
  if (description === null || state !== null) say({ kind: 'shown', ids, description: state })
  else {
    // Whoever hears that asks anew, and is told why there is no answer.
    for (const id of ids) {
      say({ kind: 'answer', id, reply: { kind: 'changed', data: true, owners: true } })
    }
  }
}

function translationOf(description: SemaphoreDescription): SemaphoreMessage | null {
  const present = translated.get(description)
  if (present !== undefined) return present
  const isTooLarge = descriptionBytes(description) > DESCRIPTION_BYTES_MAX
  const message = isTooLarge ? null : semaphoreMessage(description)
  translated.set(description, message)
  return message
}
