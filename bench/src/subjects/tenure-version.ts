/**
 * Which Tenure is measured: the version that all rooms carry, and the commit where git tells it.
 */
import { readFileSync } from 'node:fs'
import { firstLine } from '../machine/program.ts'

export function tenureVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const version = /"version": "([^"]+)"/.exec(manifest)?.[1] ?? 'unknown'
  try {
    return `${version}, commit ${firstLine(['git', 'rev-parse', '--short', 'HEAD'])}`
  } catch {
    return version
  }
}
