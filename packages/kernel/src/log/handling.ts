/** A session's wish to be handed the due tasks of a theme. */
import type { Session } from '../session.ts'
import type { Theme } from './theme.ts'

export class Handling {
  readonly session: Session
  /** Names it within its session, and stands in every hand-out. */
  readonly requestId: bigint
  readonly theme: Theme
  readonly concurrency: number
  /** Tasks that it has been handed and that are not ended. */
  out = 0
  isOver = false

  constructor(
    session: Session,
    theme: Theme,
    wish: { readonly requestId: bigint; readonly concurrency: number },
  ) {
    this.session = session
    this.theme = theme
    this.requestId = wish.requestId
    this.concurrency = wish.concurrency
  }

  get hasRoom(): boolean {
    return !this.isOver && this.out < this.concurrency
  }
}
