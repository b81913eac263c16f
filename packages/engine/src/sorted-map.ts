/** The library's B+ tree. It is CommonJS with a default export, which loaders disagree how to import; `require` means one thing. */
import { createRequire } from 'node:module'
import type sortedBtree from 'sorted-btree'

export type SortedMap<Key, Value> = sortedBtree.default<Key, Value>

const loaded: typeof sortedBtree = createRequire(import.meta.url)('sorted-btree')

export const SortedMap: typeof sortedBtree.default = loaded.default
