/** Whether holders wait for each other: the search of a circle among explanations. */
import type { Explanation } from '@tenure/client'

/** One step of a circle: the next link's session holds what this one waits for. */
interface CircleLink {
  readonly sessionId: bigint
  readonly holds: string
  readonly waitsFor: string
}

export interface Circle {
  readonly links: readonly CircleLink[]
  /** No name of it has another holder who could give units back. */
  readonly isDeadlock: boolean
}

/** The first circle that can be reached from the first explanation, or null. */
export function circleOf(explanations: readonly Explanation[]): Circle | null {
  const byName = new Map(explanations.map((explanation) => [explanation.name, explanation]))
  const [first] = explanations
  const links = first === undefined ? null : search(byName, first.name, [])
  if (links === null) return null
  const isDeadlock = links.every(({ holds }) => byName.get(holds)?.owners.length === 1)
  return { links, isDeadlock }
}

/** Depth first. @param path how `name` was come to */
function search(
  byName: ReadonlyMap<string, Explanation>,
  name: string,
  path: readonly CircleLink[],
  dead: Set<string> = new Set(),
): readonly CircleLink[] | null {
  const start = path.findIndex(({ holds }) => holds === name)
  if (start >= 0) return path.slice(start)
  if (dead.has(name)) return null
  for (const { sessionId, waitsFor } of byName.get(name)?.owners ?? []) {
    for (const { name: next } of waitsFor) {
      const found = search(
        byName,
        next,
        [...path, { sessionId, holds: name, waitsFor: next }],
        dead,
      )
      if (found !== null) return found
    }
  }
  dead.add(name)
  return null
}
