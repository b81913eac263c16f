/** Where the door of a shared directory is: a socket beside the data, behind which its host answers other processes. */
import { closeSync, existsSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

const SOCKET = 'door.sock'
/** What fits into the address of a socket, on every system. */
const PATH_BYTES_MAX = 103

/** `dead`: a host has died and left its socket. */
export type DoorState = 'open' | 'absent' | 'dead'

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

  /** Whether anybody listens. Only a clear refusal counts as none: a host may be too busy to answer. */
  look(): Promise<DoorState> {
    return new Promise((resolve) => {
      const socket = connect(this.path)
      socket.once('connect', () => {
        socket.destroy()
        resolve('open')
      })
      socket.once('error', ({ code }: NodeJS.ErrnoException) => {
        if (code === 'ENOENT') resolve('absent')
        else resolve(code === 'ECONNREFUSED' ? 'dead' : 'open')
      })
    })
  }

  /** The path leads nowhere any more. */
  close(): void {
    if (this.#folder !== null) closeSync(this.#folder)
  }
}
