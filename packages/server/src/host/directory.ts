/**
 * The rules of paths: directories are not stored, they are what lies above a node. So no node can lie below or above
 * another one (I-24).
 */
/** Why a path has no node to give. */
export type PathRefusal = 'absent' | 'not-a-node' | 'not-a-directory'

/** What the rules have to know. */
export interface Nodes {
  /** Whether a node exists at the path, or is about to. */
  exists(path: string): Promise<boolean>
  /** Paths that begin with `prefix`, ascending, and may hold nodes. */
  candidates(prefix: string): AsyncIterable<string>
}

/** Why there can be no node at a canonical path where none exists; null when there can. */
export async function refusalAt(
  path: string,
  nodes: Nodes,
): Promise<Exclude<PathRefusal, 'absent'> | null> {
  for (const directory of directoriesAbove(path)) {
    if (await nodes.exists(directory)) return 'not-a-directory'
  }
  for await (const below of nodes.candidates(`${path}/`)) {
    if (await nodes.exists(below)) return 'not-a-node'
  }
  return null
}

/** `/local/app/locks` → `/local`, `/local/app`. */
function directoriesAbove(path: string): string[] {
  const directories: string[] = []
  for (let end = path.indexOf('/', 1); end !== -1; end = path.indexOf('/', end + 1)) {
    directories.push(path.slice(0, end))
  }
  return directories
}
