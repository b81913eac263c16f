/**
 * Where the processor time of a process goes, after its profile: by room of Tenure, and by what is not Tenure.
 */

/** What is read of a `.cpuprofile`. */
export interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
  }[]
  /** The node that was seen at each look. */
  readonly samples: readonly number[]
  /** Microseconds between one look and the next. */
  readonly timeDeltas: readonly number[]
}

/** In the order of the table. */
export const PLACES = [
  'kernel',
  'engine',
  'server',
  'protocol',
  'client',
  'command',
  'load',
  'libraries',
  'node',
  'disk',
  'system',
  'garbage',
] as const
export type Place = (typeof PLACES)[number]

/** Parts of the time in which the process did anything; `busy` is the part of the whole time. */
export interface Shares {
  readonly busy: number
  readonly parts: ReadonlyMap<Place, number>
}

const ROOMS: Readonly<Record<string, Place>> = {
  kernel: 'kernel',
  engine: 'engine',
  server: 'server',
  protocol: 'protocol',
  client: 'client',
  tenure: 'command',
}
/** Calls of the system that wait for the disk. */
const DISK = new Set(['writeBuffer', 'writeBuffers', 'fdatasync', 'fsync'])

export function sharesOf({ nodes, samples, timeDeltas }: Profile): Shares {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]))
  const spent = new Map<Place | 'idle', number>()
  let wholeMicros = 0
  for (const [at, id] of samples.entries()) {
    const place = places.get(id) ?? 'system'
    const micros = timeDeltas[at] ?? 0
    spent.set(place, (spent.get(place) ?? 0) + micros)
    wholeMicros += micros
  }
  const busyMicros = wholeMicros - (spent.get('idle') ?? 0)
  const parts = new Map(PLACES.map((place) => [place, (spent.get(place) ?? 0) / busyMicros]))
  return { busy: busyMicros / wholeMicros, parts }
}

function placeOf({ functionName, url }: Profile['nodes'][number]['callFrame']): Place | 'idle' {
  if (functionName === '(idle)') return 'idle'
  if (functionName === '(garbage collector)') return 'garbage'
  if (url === '') return DISK.has(functionName) ? 'disk' : 'system'
  if (url.startsWith('node:')) return 'node'
  if (url.includes('/node_modules/')) return 'libraries'
  const room = /\/packages\/(\w+)\//.exec(url)?.[1]
  return ROOMS[room ?? ''] ?? 'load'
}
