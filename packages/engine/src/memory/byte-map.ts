/** An ordered map from byte keys, compared as unsigned bytes, a prefix before its extensions. */
import { SortedMap } from '../sorted-map.ts'

type Tree<Value> = SortedMap<Uint8Array, Value>

const compareKeys = (left: Uint8Array, right: Uint8Array): number => Buffer.compare(left, right)

export class ByteMap<Value> {
  readonly #tree: Tree<Value>

  constructor(tree: Tree<Value> = new SortedMap<Uint8Array, Value>(undefined, compareKeys)) {
    this.#tree = tree
  }

  get(key: Uint8Array): Value | undefined {
    return this.#tree.get(key)
  }

  set(key: Uint8Array, value: Value): void {
    this.#tree.set(key, value)
  }

  delete(key: Uint8Array): void {
    this.#tree.delete(key)
  }

  /** Deletes every key from `start` (inclusive) to `end` (exclusive). */
  deleteRange(start: Uint8Array, end: Uint8Array): void {
    this.#tree.deleteRange(start, end, false)
  }

  clear(): void {
    this.#tree.clear()
  }

  /** Ascending, from `start` (inclusive). The map must not change meanwhile: iterate over a clone when it could. */
  entries(start?: Uint8Array): IterableIterator<[Uint8Array, Value]> {
    return this.#tree.entries(start)
  }

  /** A map of its own; the nodes are shared until one of the two changes them. */
  clone(): ByteMap<Value> {
    return new ByteMap(this.#tree.clone())
  }
}
