/**
 * Checks leaves, some at a time, without holding up the event loop.
 *
 * What is read of a leaf stays true until it is checked: whoever changes the leaf first has it checked before.
 */
import type { LargeValue } from './leaf-check.ts'
import type { Leaves } from './leaves.ts'
import type { PageFile } from './page-file.ts'
import { TreePage } from './tree-page.ts'

/** So many pages are read together. */
const SPAN_PAGES_MAX = 64
/** Fewer pages between two leaves are read with them. */
const GAP_PAGES_MAX = 8

export interface Sweeping {
  /** Whether to end before all are checked. */
  readonly isStopped: () => boolean
  /** What is waited for before the next few are checked, since the last ones have held up the event loop for so long. */
  readonly turn?: ((workedMs: number) => Promise<void>) | undefined
}

/**
 * @param numbers which leaves; those that are checked meanwhile do no harm
 * @throws Damage
 */
export async function sweep(
  leaves: Leaves,
  numbers: Iterable<number>,
  { isStopped, turn }: Sweeping,
): Promise<void> {
  const span = new Span(leaves.file)
  let workedMs = 0
  for (const some of spansOf(numbers)) {
    await turn?.(workedMs)
    if (isStopped()) return
    await span.read(some)
    const startMs = performance.now()
    for (const number of some) {
      if (isStopped()) return
      if (leaves.isLeft(number)) await check(leaves, number, span.page(number))
    }
    workedMs = performance.now() - startMs
  }
}

async function check(leaves: Leaves, number: number, page: TreePage): Promise<void> {
  const content = leaves.read(page, number)
  for (const large of content.large) {
    const pages = await pagesOf(leaves.file, large)
    // Somebody changed the leaf meanwhile, and had it checked: the pages may hold something else by now.
    if (!leaves.isLeft(number)) return
    leaves.judge(large, pages)
  }
  leaves.count(number, content)
}

async function pagesOf(file: PageFile, { first, pages }: LargeValue): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(pages * file.pageBytes)
  await file.fillLater(first, bytes)
  return bytes
}

/** Groups of pages that lie close together in the file. */
function* spansOf(numbers: Iterable<number>): IterableIterator<readonly number[]> {
  let span: number[] = []
  for (const number of numbers) {
    const [first, last] = [span[0] ?? number, span.at(-1) ?? number]
    const joins =
      number >= last && number - last <= GAP_PAGES_MAX && number - first < SPAN_PAGES_MAX
    if (!joins) {
      yield span
      span = []
    }
    span.push(number)
  }
  if (span.length > 0) yield span
}

/** Pages of the file next to each other. */
class Span {
  readonly #file: PageFile
  readonly #bytes: Buffer
  readonly #pages: readonly TreePage[]
  #first = 0

  constructor(file: PageFile) {
    this.#file = file
    const { pageBytes } = file
    this.#bytes = Buffer.allocUnsafeSlow(SPAN_PAGES_MAX * pageBytes)
    this.#pages = Array.from({ length: SPAN_PAGES_MAX }, (_, index) => {
      return new TreePage(this.#bytes.subarray(index * pageBytes, (index + 1) * pageBytes))
    })
  }

  async read(numbers: readonly number[]): Promise<void> {
    const [first, last] = [numbers[0] ?? 0, numbers.at(-1) ?? 0]
    this.#first = first
    const bytes = (last - first + 1) * this.#file.pageBytes
    await this.#file.fillLater(first, this.#bytes.subarray(0, bytes))
  }

  page(number: number): TreePage {
    const page = this.#pages[number - this.#first]
    if (page === undefined) throw new RangeError(`page ${number} was not read`)
    return page
  }
}
