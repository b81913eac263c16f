/**
 * Brings into the memory of the operating system what is about to be read page by page: several pages at a time, or all in one go, since
 * to wait for one after the other takes many times as long when the file was not used lately.
 */
import { mainTree, NO_PAGE } from './meta-page.ts'
import { Damage } from './page-file.ts'
import type { PageFile } from './page-file.ts'
import { TreePage } from './tree-page.ts'

/** So many pages are asked for together. */
const PAGES_AT_ONCE = 64
const BYTES_AT_ONCE = 1024 * 1024

/** Reads all of a file. */
export async function readWhole(file: PageFile): Promise<void> {
  const bytes = Buffer.allocUnsafeSlow(BYTES_AT_ONCE)
  for (let at = 0; at < file.bytes; at += BYTES_AT_ONCE) {
    await file.fillLater(at / file.pageBytes, bytes.subarray(0, file.bytes - at))
  }
}

/** Reads the branches of the main tree. Whether they make sense is for those to find out who look at them. */
export async function readBranches(file: PageFile): Promise<void> {
  try {
    const { root, depth } = mainTree(file)
    let numbers = root === NO_PAGE || depth < 2 ? [] : [Number(root)]
    for (let level = depth; level > 1 && numbers.length > 0; level -= 1) {
      numbers = await readLevel(file, numbers, level > 2)
    }
  } catch (error) {
    if (!(error instanceof Damage || error instanceof RangeError)) throw error
  }
}

/** @returns the pages of the next level, ascending, when these are wanted */
async function readLevel(file: PageFile, numbers: number[], wanted: boolean): Promise<number[]> {
  const pages = Array.from({ length: Math.min(PAGES_AT_ONCE, numbers.length) }, () => {
    return new TreePage(Buffer.allocUnsafeSlow(file.pageBytes))
  })
  const children: number[] = []
  for (let from = 0; from < numbers.length; from += PAGES_AT_ONCE) {
    const some = numbers.slice(from, from + PAGES_AT_ONCE)
    await Promise.all(some.map((number, at) => file.fillLater(number, bytesOf(pages, at))))
    if (!wanted) continue
    for (const page of pages.slice(0, some.length)) {
      for (let index = 0; index < page.count; index += 1)
        children.push(page.child(page.node(index)))
    }
  }
  return children.filter((number) => number <= file.lastPage).sort((left, right) => left - right)
}

function bytesOf(pages: readonly TreePage[], at: number): Buffer {
  const page = pages[at]
  if (page === undefined) throw new RangeError(`there is no page ${at}`)
  return page.bytes
}
