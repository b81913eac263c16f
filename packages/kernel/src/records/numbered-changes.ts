/**
 * Numbered changes of records: done once, and answered alike however often they are asked for.
 */
import type { Change, InSession } from '../asked.ts'
import { DoneRecordChanges } from './done-changes.ts'
import type { DoneRecordChange } from './done-changes.ts'
import type { GrantLease, RecordCommand } from './command.ts'
import type { Root } from '../root.ts'
import { recordChangeKey, recordChangeKeys } from '../rows/keys.ts'
import { encodeRecordChange } from '../rows/record-change-row.ts'
import type { Session } from '../session.ts'

/** What can be numbered. */
export type NumberedCommand = Extract<RecordCommand, { readonly change?: Change | undefined }>

export class RecordChanges {
  readonly #root: Root

  constructor(root: Root) {
    this.#root = root
  }

  /** @returns whether the command is answered already: it was done before, or there is no room to remember it */
  precede(session: Session, command: NumberedCommand): boolean {
    const { change } = command
    const changes = session.recordChanges
    if (change === undefined || changes === null) return false
    const done = changes.find(change.serial)
    if (done !== undefined) {
      this.#say(command, done)
      return true
    }
    if (changes.hasRoom) return false
    const message = `session ${session.id} has too many changes whose outcome it does not know`
    this.#root.turn.refuse(command, 'PRECONDITION_FAILED', message)
    return true
  }

  /** Remembers that the command was done, and answers it. */
  finish(session: Session, command: NumberedCommand, done: DoneRecordChange): void {
    if (command.change !== undefined) this.#keep(session, command.change, done)
    this.#say(command, done)
  }

  /** The session ends, and its memory with it. */
  forget(session: Session): void {
    if (session.recordChanges === null) return
    const { start } = recordChangeKeys(session.id, 0n)
    const { end } = recordChangeKeys(session.id + 1n, 0n)
    this.#root.turn.deleteRange(start, end)
  }

  restore(session: Session, serial: bigint, done: DoneRecordChange): void {
    session.recordChanges ??= new DoneRecordChanges()
    session.recordChanges.add(serial, done)
  }

  #keep(session: Session, change: Change, done: DoneRecordChange): void {
    const { turn } = this.#root
    session.recordChanges ??= new DoneRecordChanges()
    if (session.recordChanges.settle(change)) {
      const { start, end } = recordChangeKeys(session.id, change.settledBelow)
      turn.deleteRange(start, end)
    }
    session.recordChanges.add(change.serial, done)
    turn.put(recordChangeKey(session.id, change.serial), encodeRecordChange(done))
  }

  #say(command: NumberedCommand, { outcome, version }: DoneRecordChange): void {
    const { turn } = this.#root
    const { stream, requestId } = command
    switch (outcome) {
      case 'written':
        return turn.say({ kind: 'record-written', stream, requestId, version })
      case 'deleted':
        return turn.say({ kind: 'record-deleted', stream, requestId, version })
      case 'succeeded':
      case 'not-succeeded': {
        const succeeded = outcome === 'succeeded'
        return turn.say({
          kind: 'transacted',
          stream,
          requestId,
          succeeded,
          version,
          records: [],
        })
      }
      case 'granted': {
        const ttlMs = ttlOf(command)
        return turn.say({ kind: 'lease-granted', stream, requestId, lease: version, ttlMs })
      }
      case 'released':
        return turn.say({ kind: 'done', stream, requestId })
    }
  }
}

/** The same as when it was asked for first. */
function ttlOf(command: InSession | GrantLease): bigint {
  return 'ttlMs' in command ? command.ttlMs : 0n
}
