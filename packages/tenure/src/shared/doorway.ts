/** Where the door of a shared directory is: a socket beside the data, behind which its host answers other processes. */
import { closeSync, existsSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

const SOCKET = 'door.sock'
/** What fits into the address of a socket, on every system. */
const PATH_BYTES_MAX = 103

/** `absent`: there is none for this process; `dead`: a host has died and left its socket. */
export type DoorState = 'open' | 'absent' | 'dead'

/** What the system says when there is no way through. All else may come from a host that is too busy to answer. */
const STATE_OF: Readonly<Record<string, DoorState>> = {
  ENOENT: 'absent',
  // The host is another user's.
  EACCES: 'absent',
  EPERM: 'absent',
  ECONNREFUSED: 'dead',
}

export class Doorway {
  /** Of the socket, in a form that is short enough where the system allows for one. */
  readonly path: string
  readonly #folder: number | null

  /** @param folder an absolute path; the directory is there */
  constructor(folder: string) {
    const path = join(folder, SOCKET)
    const isShort = Buffer.byteLength(path) <= PATH_BYTES_MAX || !existsSync('/proc/self/fd')
    this.#folder = isShort ? null : openSync(folder, 'r')
    // Through the open directory it may lie as deep as it likes.
    this.path = this.#folder === null ? path : `/proc/self/fd/${this.#folder}/${SOCKET}`
  }

  /** Whether anybody listens. */
  look(): Promise<DoorState> {
    return new Promise((resolve) => {
      const socket = connect(this.path)
      socket.once('connect', () => {
        socket.destroy()
        resolve('open')
      })
      socket.once('error', ({ code }: NodeJS.ErrnoException) => {
        resolve(STATE_OF[code ?? ''] ?? 'open')
      })
    })
  }

  /** The path leads nowhere any more. */
  close(): void {
    if (this.#folder !== null) closeSync(this.#folder)
  }
}
