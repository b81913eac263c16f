/**
 * What lies where: the part of YDB's scheme that lists directories and tells what a path is.
 *
 * Directories are not stored: one exists as long as a coordination node lies below it. The database always exists.
 */
import {
  DESCRIBE_PATH,
  DescribePathResultSchema,
  type Entry,
  EntryType,
  LIST_DIRECTORY,
  ListDirectoryResultSchema,
  type MessageInitShape,
  type Operation,
  STATUS,
} from '@tenure/protocol'
import { reasonOf } from '../log.ts'
import type { CallInfo, ServiceContext } from './call.ts'
import { operation, operationWith } from './operation.ts'
import { canonicalPath } from './paths.ts'
import { UNAUTHORIZED_TEXT, UNAVAILABLE_TEXT } from './status.ts'
import { type UnaryMethod, unaryMethod } from './unary.ts'

interface Place {
  readonly self: Named
  readonly children: readonly Named[]
}

interface Named {
  readonly name: string
  readonly type: Entry['type']
}

type EntryInit = NonNullable<MessageInitShape<typeof DescribePathResultSchema>['self']>

export function schemeMethods(context: ServiceContext): readonly UnaryMethod[] {
  return [
    unaryMethod(LIST_DIRECTORY, async ({ path }, call) => ({
      operation: await look(context, { path, call }, ({ self, children }) =>
        operationWith(ListDirectoryResultSchema, {
          self: entryOf(self),
          children: children.map(entryOf),
        }),
      ),
    })),
    unaryMethod(DESCRIBE_PATH, async ({ path }, call) => ({
      operation: await look(context, { path, call }, ({ self }) =>
        operationWith(DescribePathResultSchema, { self: entryOf(self) }),
      ),
    })),
  ]
}

async function look(
  { host, log, database, accounts }: ServiceContext,
  { path, call }: { readonly path: string; readonly call: CallInfo },
  tell: (place: Place) => Operation,
): Promise<Operation> {
  if (accounts.userOf(call.ticket) === null) {
    return operation(STATUS.UNAUTHORIZED, UNAUTHORIZED_TEXT)
  }
  const canonical = canonicalPath(path, database, call.database)
  if (canonical.kind === 'malformed') return operation(STATUS.BAD_REQUEST, canonical.message)
  if (canonical.kind === 'outside') return operation(STATUS.SCHEME_ERROR, canonical.message)
  const at = canonical.kind === 'database' ? database : canonical.path
  try {
    const place = placeOf(at, await host.list(at), database)
    return place === null
      ? operation(STATUS.SCHEME_ERROR, `there is nothing at ${at}`)
      : tell(place)
  } catch (error) {
    log.warn('a directory could not be read', { path: at, reason: reasonOf(error) })
    return operation(STATUS.UNAVAILABLE, UNAVAILABLE_TEXT)
  }
}

/** @param nodes paths of the coordination nodes at or below `path`, ascending */
function placeOf(path: string, nodes: readonly string[], database: string): Place | null {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (path === database) {
    return { self: { name, type: EntryType.DATABASE }, children: childrenOf(path, nodes) }
  }
  if (nodes.length === 0) return null
  if (nodes[0] === path) return { self: { name, type: EntryType.COORDINATION_NODE }, children: [] }
  return { self: { name, type: EntryType.DIRECTORY }, children: childrenOf(path, nodes) }
}

function childrenOf(path: string, nodes: readonly string[]): Named[] {
  const types = new Map<string, Named['type']>()
  for (const node of nodes) {
    const [name = '', ...below] = node.slice(path.length + 1).split('/')
    types.set(name, below.length === 0 ? EntryType.COORDINATION_NODE : EntryType.DIRECTORY)
  }
  return Array.from(types, ([name, type]) => ({ name, type }))
}

function entryOf({ name, type }: Named): EntryInit {
  return { name, type }
}
