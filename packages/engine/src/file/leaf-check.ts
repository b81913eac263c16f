/** Checks one leaf of the main tree, and counts the rows that it holds of each partition. */
import { CHECKSUM_BYTES, RowChecksum } from './checksum.ts'
import { addLanes, CHECKSUM_SEED, noRows, partitionAt, regionAt } from './layout.ts'
import type { Total } from './layout.ts'
import type { Meta } from './meta-page.ts'
import { demand } from './page-file.ts'
import type { PageFile } from './page-file.ts'
import { checkLarge } from './survey.ts'
import { BIG_DATA, HEADER_BYTES, LEAF, NODE_BYTES } from './tree-page.ts'
import type { TreePage } from './tree-page.ts'
import type { Bounds } from './tree-walk.ts'

/** What a leaf holds of one region of a partition. */
export interface Tally extends Total {
  readonly partition: number
  readonly region: number
  /** Whether each row that was read is what was written. */
  isSound: boolean
}

/** A value that fills pages of its own. */
export interface LargeValue {
  /** Of whom it is; null for no partition. */
  readonly tally: Tally | null
  readonly key: Buffer
  readonly first: number
  readonly pages: number
  readonly bytes: number
}

/** What is known of a leaf that could be read. */
export interface LeafContent {
  readonly entries: number
  readonly tallies: readonly Tally[]
  /** Counted by the checksums that they carry; whether these are right is for their reader to find out. */
  readonly large: readonly LargeValue[]
}

const NO_LARGE: readonly LargeValue[] = []

export class LeafCheck {
  readonly #file: PageFile
  readonly #meta: Meta
  readonly #transaction: number
  readonly #checksum = new RowChecksum(CHECKSUM_SEED)

  /** @param meta the state that the leaves belong to */
  constructor(file: PageFile, meta: Meta) {
    this.#file = file
    this.#meta = meta
    this.#transaction = Number(meta.transaction)
  }

  /** The key by which the leaf should be found. @throws Damage */
  firstKey(page: TreePage, number: number): Buffer {
    page.checkNodes({ number, kind: LEAF, transaction: this.#transaction })
    return page.key(page.node(0))
  }

  /** @throws Damage when LMDB could not be trusted with the page */
  read(page: TreePage, number: number, bounds: Bounds): LeafContent {
    page.checkNodes({ number, kind: LEAF, transaction: this.#transaction })
    checkOrder(page, bounds)
    const tallies: Tally[] = []
    let large: LargeValue[] | null = null
    const { count } = page
    for (let index = 0; index < count; index += 1) {
      const node = page.node(index)
      const tally = tallyOf(tallies, page, node)
      const flags = page.flags(node)
      demand((flags & ~BIG_DATA) === 0, 'a node has flags that this store does not use')
      if (flags === BIG_DATA) (large ??= []).push(this.#large(page, node, tally))
      else this.#row(page, node, tally)
    }
    return { entries: count, tallies, large: large ?? NO_LARGE }
  }

  /** Whether the content of a large value is what was written. @param content all of it */
  isSound({ key }: LargeValue, content: Buffer): boolean {
    const rest = content.length - CHECKSUM_BYTES
    const sum = this.#checksum
    sum.begin()
    sum.add(viewOf(key), 0, key.length)
    sum.add(viewOf(content), CHECKSUM_BYTES, rest)
    sum.end()
    return sum.low === content.readUInt32LE(0) && sum.high === content.readUInt32LE(4)
  }

  #row(page: TreePage, node: number, tally: Tally | null): void {
    const keyBytes = page.keyBytes(node)
    const keyAt = node + NODE_BYTES
    const at = keyAt + keyBytes
    const bytes = page.dataBytes(node)
    demand(at + bytes <= page.bytes.length, 'a value passes the end of its page')
    if (tally === null) return
    tally.rows += 1
    if (bytes < CHECKSUM_BYTES) {
      tally.isSound = false
      return
    }
    const sum = this.#checksum
    sum.begin()
    sum.add(page.view, keyAt, keyBytes)
    sum.add(page.view, at + CHECKSUM_BYTES, bytes - CHECKSUM_BYTES)
    sum.end()
    const own =
      sum.low === page.view.getUint32(at, true) && sum.high === page.view.getUint32(at + 4, true)
    if (own) addLanes(tally.digest, sum)
    else tally.isSound = false
  }

  #large(page: TreePage, node: number, tally: Tally | null): LargeValue {
    const at = node + NODE_BYTES + page.keyBytes(node)
    demand(at + 8 <= page.bytes.length, 'a value passes the end of its page')
    const first = page.wide(at)
    const bytes = page.dataBytes(node)
    const head = checkLarge(this.#file, { number: first, bytes, meta: this.#meta })
    if (tally !== null) {
      tally.rows += 1
      const low = head.view.getUint32(HEADER_BYTES, true)
      addLanes(tally.digest, { low, high: head.view.getUint32(HEADER_BYTES + 4, true) })
    }
    return { tally, key: Buffer.from(page.key(node)), first, pages: head.pages, bytes }
  }
}

/** @throws Damage when the keys do not ascend within the bounds */
function checkOrder(page: TreePage, { lower, upper }: Bounds): void {
  const { count } = page
  const first = page.key(page.node(0))
  const last = page.key(page.node(count - 1))
  const inside =
    (lower === null || lower.compare(first) <= 0) && (upper === null || last.compare(upper) < 0)
  demand(inside, 'keys are out of order')
  let before = page.node(0)
  for (let index = 1; index < count; index += 1) {
    const node = page.node(index)
    demand(page.ascends(before, node), 'keys are out of order')
    before = node
  }
}

/** Where a row is counted; null for what is none. Rows of a region lie next to each other. */
function tallyOf(tallies: Tally[], page: TreePage, node: number): Tally | null {
  const at = node + NODE_BYTES
  const keyBytes = page.keyBytes(node)
  const partition = partitionAt(page.view, at, keyBytes)
  if (partition === null) return null
  const region = regionAt(page.view, at, keyBytes)
  const last = tallies.at(-1)
  if (last?.partition === partition && last.region === region) return last
  const tally = { partition, region, ...noRows(), isSound: true }
  tallies.push(tally)
  return tally
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
