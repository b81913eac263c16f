/** The plainest engine: applies writes to a map and gives them back in the order of their keys. */
import type { Entry, Write } from '@tenure/kernel'

export class Store {
  readonly #entries = new Map<string, Entry>()

  apply(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.kind === 'put') {
        // Copies, as a disk would: later changes of the arrays must not reach what is kept.
        this.#entries.set(hex(write.key), [write.key.slice(), write.value.slice()])
      } else if (write.kind === 'delete') {
        this.#entries.delete(hex(write.key))
      } else {
        const [start, end] = [hex(write.start), hex(write.end)]
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

  /** Both digits of each byte, so that the order of the texts is the order of the bytes. */
  dump(): string[] {
    return this.entries().map(([key, value]) => `${hex(key)} = ${hex(value)}`)
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
