/** Finds the coordination nodes below a path, by walking the directories of YDB's scheme. */
import {
  anyUnpack,
  DescribePathResultSchema,
  type Entry,
  EntryType,
  ListDirectoryResultSchema,
  type Operation,
} from '@tenure/protocol'

/** The two calls of the scheme; each gives an operation that went well, or null when there is nothing at the path. */
export interface Scheme {
  describePath(path: string): Promise<Operation | null>
  listDirectory(path: string): Promise<Operation | null>
}

const DIRECTORIES: ReadonlySet<Entry['type']> = new Set([EntryType.DIRECTORY, EntryType.DATABASE])

/** @returns paths of the nodes at or below `path`, ascending within each directory */
export async function nodesBelow(path: string, scheme: Scheme): Promise<string[]> {
  const operation = await scheme.describePath(path)
  const result = operation?.result && anyUnpack(operation.result, DescribePathResultSchema)
  if (result?.self === undefined) return []
  return walk(path, result.self.type, scheme)
}

async function walk(path: string, type: Entry['type'], scheme: Scheme): Promise<string[]> {
  if (type === EntryType.COORDINATION_NODE) return [path]
  if (!DIRECTORIES.has(type)) return []
  const operation = await scheme.listDirectory(path)
  const result = operation?.result && anyUnpack(operation.result, ListDirectoryResultSchema)
  const nodes: string[] = []
  for (const child of result?.children ?? []) {
    nodes.push(...(await walk(`${path}/${child.name}`, child.type, scheme)))
  }
  return nodes
}
