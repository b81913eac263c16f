/**
 * Where the holder of a store lets other processes read cuts of it.
 *
 * They must not open the file themselves while it is written (I-31): LMDB, as it is built here, sets the number of the last transaction anew with each opening, and
 * a transaction that ends at that moment is lost. Each visitor gets a moment of its own and reads it page by page, so that
 * the holder does nothing that takes long.
 */
import type { Socket } from 'node:net'
import { DamagedError } from '../errors.ts'
import {
  decodeQuestion,
  encodeFailure,
  encodePage,
  messagesOf,
  QUESTION_BYTES_MAX,
} from './cut-wire.ts'
import type { Question, Row } from './cut-wire.ts'
import type { Snapshot } from './snapshot.ts'

const PAGE_BYTES = 128 * 1024
/** Who has asked for nothing by then wanted to know only whether somebody is there. */
const SILENCE_MS = 10_000

export class CutDoor {
  readonly #open: () => Promise<Snapshot>
  readonly #visits = new Set<Promise<void>>()
  readonly #sockets = new Set<Socket>()

  #isClosed = false

  /** @param open a moment that is now */
  constructor(open: () => Promise<Snapshot>) {
    this.#open = open
  }

  visit(socket: Socket): void {
    // How it ends is for the visitor to tell.
    socket.on('error', () => undefined)
    if (this.#isClosed) {
      socket.destroy()
      return
    }
    socket.unref()
    this.#sockets.add(socket)
    const visit: Promise<void> = this.#serve(socket).finally(() => {
      this.#visits.delete(visit)
      this.#sockets.delete(socket)
      socket.destroy()
    })
    this.#visits.add(visit)
  }

  /** Resolves when nobody reads any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#visits)
  }

  async #serve(socket: Socket): Promise<void> {
    socket.setTimeout(SILENCE_MS, () => socket.destroy())
    let snapshot: Snapshot | null = null
    try {
      for await (const content of messagesOf(socket, QUESTION_BYTES_MAX)) {
        socket.setTimeout(0)
        const question = decodeQuestion(content)
        snapshot ??= await this.#open()
        socket.write(pageOf(snapshot, question))
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      await say(socket, encodeFailure(message, error instanceof DamagedError))
    } finally {
      snapshot?.done()
    }
  }
}

/** The last word to a visitor; resolves when it has left, or will not. */
async function say(socket: Socket, message: Buffer): Promise<void> {
  socket.setTimeout(SILENCE_MS, () => socket.destroy())
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    socket.end(message, () => resolve())
  })
}

function pageOf(snapshot: Snapshot, { first, end }: Question): Buffer {
  const rows: Row[] = []
  let bytes = 0
  for (const [key, sealed] of snapshot.rows(first, end)) {
    if (bytes >= PAGE_BYTES) return encodePage({ rows, isWhole: false })
    rows.push([Buffer.from(key), Buffer.from(sealed)])
    bytes += key.length + sealed.length
  }
  return encodePage({ rows, isWhole: true })
}
