/**
 * Reading a range of a partition, as of one moment.
 *
 * What fits into one page is read by one statement, which is a moment by itself. More is read in a snapshot. Should its connection
 * break, another snapshot serves as well while the partition's mark is the same: then nothing was committed since.
 */
import type { Entry } from '@tenure/kernel'
import type { KeyRange } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { askFor } from './deployment.ts'
import type { Deployment } from './deployment.ts'
import type { Row } from './link.ts'
import { after } from '../net-effect.ts'
import { assertOwned, OWNED_COLUMNS } from './ownership.ts'
import type { Claimed } from './ownership.ts'
import { patiently } from './patience.ts'
import type { Snapshot } from './snapshot.ts'
import type { PageRequest } from './statements.ts'

const FIRST_PAGE_ROWS = 256
const PAGE_ROWS_MAX = 4_096
/** Of values in memory at a time, and one more. */
const PAGE_BYTES = 2 * 1024 * 1024

export async function* scanPartition(
  deployment: Deployment,
  claimed: Claimed,
  range: KeyRange,
): AsyncIterable<Entry> {
  const request = { ...range, rowsMax: FIRST_PAGE_ROWS, bytesMax: PAGE_BYTES }
  const statement = deployment.statements.page(claimed.number, request)
  const rows = await deployment.activity.run(() =>
    askFor(deployment, statement, (found) => {
      assertOwned(found[0], claimed)
      return found
    }),
  )
  const entries = entriesOf(rows)
  if (nextPage(request, entries) === null) {
    yield* entries
    return
  }
  const reading = new SnapshotReading(deployment, claimed)
  try {
    yield* readPages(range, (page) => reading.page(page))
  } finally {
    await reading.end()
  }
}

/** All entries of a range, by pages whose size follows that of the values. */
export async function* readPages(
  range: KeyRange,
  read: (page: PageRequest) => Promise<readonly Entry[]>,
): AsyncIterable<Entry> {
  let page: PageRequest | null = { ...range, rowsMax: FIRST_PAGE_ROWS, bytesMax: PAGE_BYTES }
  while (page !== null) {
    const entries = await read(page)
    yield* entries
    page = nextPage(page, entries)
  }
}

export function entriesOf(rows: readonly Row[]): Entry[] {
  const entries: Entry[] = []
  for (const row of rows) {
    const [key, value] = [row[OWNED_COLUMNS], row[OWNED_COLUMNS + 1]]
    if (key instanceof Buffer && value instanceof Buffer) entries.push([key, value])
  }
  return entries
}

/** null when nothing is left. */
function nextPage(page: PageRequest, entries: readonly Entry[]): PageRequest | null {
  const last = entries.at(-1)
  if (last === undefined) return null
  let bytes = 0
  for (const [, value] of entries) bytes += value.length
  const isCut = bytes >= page.bytesMax
  if (entries.length < page.rowsMax && !isCut) return null
  const rowsMax = Math.min(isCut ? entries.length + 1 : page.rowsMax * 2, PAGE_ROWS_MAX)
  return { ...page, start: after(last[0]), rowsMax }
}

class SnapshotReading {
  readonly #deployment: Deployment
  readonly #claimed: Claimed
  #snapshot: Snapshot | null = null
  #mark: bigint | null = null

  constructor(deployment: Deployment, claimed: Claimed) {
    this.#deployment = deployment
    this.#claimed = claimed
  }

  page(page: PageRequest): Promise<readonly Entry[]> {
    const { activity, patience } = this.#deployment
    return patiently(patience, () => activity.run(() => this.#page(page)))
  }

  async end(): Promise<void> {
    await this.#snapshot?.end()
    this.#snapshot = null
  }

  async #page(page: PageRequest): Promise<readonly Entry[]> {
    const { snapshots, statements, title } = this.#deployment
    this.#snapshot ??= await snapshots.begin()
    try {
      const rows = await this.#snapshot.run(statements.page(this.#claimed.number, page))
      const { mark } = assertOwned(rows[0], this.#claimed)
      this.#mark ??= mark
      if (mark !== this.#mark) {
        throw new EngineError(
          `${title}: the connection of a scan was lost, and partition "${this.#claimed.name}" has changed since`,
        )
      }
      return entriesOf(rows)
    } catch (error) {
      await this.end()
      throw error
    }
  }
}
