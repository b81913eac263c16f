/** One watch of a semaphore, by its name, and what it may listen for. */
import type { DescribeSemaphore } from './command.ts'
import type { Linked, LinkedList } from './linked-list.ts'
import type { Session } from './session.ts'

/** What happened to a semaphore. Creation and deletion are both at once. */
export interface Change {
  readonly data: boolean
  readonly owners: boolean
}

export const DATA_CHANGED: Change = { data: true, owners: false }
export const OWNERS_CHANGED: Change = { data: false, owners: true }
export const ALL_CHANGED: Change = { data: true, owners: true }

export class Watch implements Linked<Watch> {
  readonly session: Session
  readonly name: string
  readonly requestId: bigint
  /** The list it is in, by what it listens for; an audience when it stands. */
  readonly list: LinkedList<Watch>
  previous: Watch | null = null
  next: Watch | null = null

  constructor(session: Session, command: DescribeSemaphore, list: LinkedList<Watch>) {
    this.session = session
    this.name = command.name
    this.requestId = command.requestId
    this.list = list
  }
}
