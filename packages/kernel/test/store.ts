/** The plainest engine: applies writes to a map and gives them back in the order of their keys. */
import type { Entry, Write } from '@tenure/kernel'

export class Store {
  readonly #entries = new Map<string, Entry>()

  apply(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.kind === 'put') {
        // Copies, as a disk would: later changes of the arrays must not reach what is kept.
        this.#entries.set(text(write.key), [write.key.slice(), write.value.slice()])
      } else if (write.kind === 'delete') {
        this.#entries.delete(text(write.key))
      } else {
        const [start, end] = [text(write.start), text(write.end)]
        for (const key of this.#entries.keys()) {
          if (key >= start && key < end) this.#entries.delete(key)
        }
      }
    }
  }

  entries(): Entry[] {
    return [...this.#entries]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, row]) => row)
  }

  dump(): string[] {
    return this.entries().map(([key, value]) => `${hex(key)} = ${hex(value)}`)
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** One character for each byte, so that the order of the texts is the order of the bytes. */
function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
