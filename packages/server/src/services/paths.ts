/** One spelling for each path, so that two spellings never name two nodes. */
import { PATH_BYTES_MAX } from './limits.ts'

export type CanonicalPath =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'malformed'; readonly message: string }
  | { readonly kind: 'outside'; readonly message: string }
  /** The database itself: the directory of all nodes. */
  | { readonly kind: 'database'; readonly message: string }

/**
 * The canonical form of a path: absolute, without duplicate or trailing slashes, below the server's database.
 *
 * @param path absolute, or relative to `callDatabase`
 * @param database of the server, in canonical form; empty when any absolute path is inside
 * @param callDatabase what the call's metadata names; the server's own when empty
 */
export function canonicalPath(path: string, database: string, callDatabase: string): CanonicalPath {
  if (path === '') return { kind: 'malformed', message: 'path is empty' }
  const absolute = path.startsWith('/') ? path : `${callDatabase || database}/${path}`
  if (absolute.includes('\0')) return { kind: 'malformed', message: 'path contains a NUL' }
  const segments = absolute.split('/').filter((segment) => segment !== '')
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    return { kind: 'malformed', message: 'path contains "." or ".."' }
  }
  const canonical = `/${segments.join('/')}`
  const bytes = Buffer.byteLength(canonical)
  if (bytes > PATH_BYTES_MAX) {
    return {
      kind: 'malformed',
      message: `path has ${bytes} bytes, at most ${PATH_BYTES_MAX} are allowed`,
    }
  }
  if (canonical === (database || '/')) {
    const what = database === '' ? 'the root can be no node' : `${database} is the database itself`
    return { kind: 'database', message: what }
  }
  if (!canonical.startsWith(`${database}/`)) {
    return { kind: 'outside', message: `path is not inside the database ${database}` }
  }
  return { kind: 'path', path: canonical }
}

/** @throws RangeError when the name cannot be that of a database */
export function canonicalDatabase(database: string): string {
  const segments = database.split('/').filter((segment) => segment !== '')
  if (!database.startsWith('/') || segments.length === 0 || database.includes('\0')) {
    throw new RangeError(`a database is named like /local, not ${JSON.stringify(database)}`)
  }
  return `/${segments.join('/')}`
}
