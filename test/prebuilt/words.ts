/** What Node is told to run a program of this repository. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Of the environment: where the prebuilt programs are. Without it every program is started as it is. */
export const PREBUILT = 'TENURE_TEST_PREBUILT'

const ROOT = join(import.meta.dirname, '../..')

/** @param file path from the root of the repository; of a package the built one */
export function wordsOf(file: string): readonly string[] {
  const folder = process.env[PREBUILT]
  if (folder !== undefined) {
    const prebuilt = join(folder, file.replace(/\.(ts|mjs)$/, '.js'))
    if (existsSync(prebuilt)) return [prebuilt]
  }
  const path = join(ROOT, file)
  return file.endsWith('.ts') ? ['--import', 'tsx', path] : [path]
}
