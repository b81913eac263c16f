/**
 * Puts the nodes of a source into an empty engine, as their next incarnation.
 *
 * First the lineage of the engine says that a restore is under way, so no server serves from it; then come the nodes; when all of them are
 * durable, the lineage says that it is done. A restore that did not come so far is begun anew: what it has left is its
 * own, by the name under which it claimed, and is cleared away.
 */
import { randomBytes } from 'node:crypto'
import { bytesOfEntry, DamagedError, EngineError, KEY_BYTES_MAX } from '@tenure/engine'
import type { CutPartition, Engine, OwnerInfo, Partition } from '@tenure/engine'
import { inIncarnation, InvariantError, nextEpochsAbove, nextIncarnation } from '@tenure/kernel'
import type { Entry } from '@tenure/kernel'
import { systemClock } from '../clock.ts'
import { Flights } from './flights.ts'
import {
  decodeLineage,
  encodeLineage,
  FIRST_LINEAGE,
  LINEAGE_KEY,
  LINEAGE_PARTITION,
  readLineage,
} from './lineage.ts'
import type { Lineage } from './lineage.ts'
import { NodeLoad } from './node-load.ts'
import { MovingRefused } from './refusal.ts'
import type { Moved, Source } from './source.ts'
import { Tally } from './tally.ts'

export interface RestoreOptions {
  /** The time of day; the system's by default. */
  readonly wallMs?: number
  /** Called now and then. */
  readonly progress?: (moved: Moved) => void
  /** Ends it before its end: the engine is then as after any restore that was interrupted. */
  readonly signal?: AbortSignal
}

/** A node of at most so much is written beside others. */
const SMALL_NODE_BYTES = 64 * 1024
const SMALL_NODE_ENTRIES = 512

const EVERYTHING = { start: new Uint8Array(), end: new Uint8Array(KEY_BYTES_MAX + 1).fill(0xff) }

/**
 * Resolves when all of it is durable and can be served.
 *
 * @throws MovingRefused when the engine holds something, or servers use it: nothing was written; or what source and engine throw: then it
 *   has to be begun anew, and until it has come to its end nothing is served from the engine
 */
export async function restore(
  source: Source,
  engine: Engine,
  options: RestoreOptions = {},
): Promise<Moved> {
  await assertUnused(engine)
  const before = await readLineage(engine)
  const incarnation = incarnationOf(source, before, options.wallMs ?? systemClock.wallMs())
  // The claims of an interrupted one are known by its name.
  const name = before.restoring ?? `restore-${randomBytes(8).toString('hex')}`
  const owner = { id: name, address: '' }
  await assertEmpty(engine, before)
  const lineage = await engine.claim(LINEAGE_PARTITION, owner)
  await assertSame(lineage, before, engine.name)
  const say = (state: Lineage): Promise<void> =>
    lineage.commit([{ kind: 'put', key: LINEAGE_KEY, value: encodeLineage(state) }])
  await say({ incarnation, restoring: name })
  if (before.restoring !== null) await clear(engine, owner)
  const moved = await new Restorer(engine, { owner, incarnation, options }).all(source)
  await say({ incarnation, restoring: null })
  await lineage.close()
  return moved
}

/** Whoever serves from an engine while it is written to, or read out to go on elsewhere, would answer from what is not the truth. */
export async function assertUnused(engine: Engine): Promise<void> {
  if (engine.members === undefined) return
  const enough = new AbortController()
  for await (const servers of engine.members.watch(enough.signal)) {
    if (servers.length > 0) {
      const addresses = servers.map(({ address }) => address).join(', ')
      throw new MovingRefused(
        `servers use ${engine.name}: ${addresses}. Stop them first; one that has just died is forgotten within seconds`,
      )
    }
    break
  }
  enough.abort()
}

function incarnationOf(source: Source, before: Lineage, wallMs: number): bigint {
  // Nobody was served from what an interrupted restore has begun.
  const last =
    before.restoring === null ? max(source.incarnation, before.incarnation) : source.incarnation
  const next = nextIncarnation(last, wallMs)
  if (next !== null) return max(next, before.incarnation)
  throw new MovingRefused('this store has been moved as often as can be')
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other
}

async function assertEmpty(engine: Engine, { restoring }: Lineage): Promise<void> {
  for await (const name of engine.partitions('')) {
    if (name === LINEAGE_PARTITION) continue
    const owner = restoring === null ? null : await engine.ownerOf(name)
    if (owner !== null && owner.id === restoring) continue
    throw new MovingRefused(
      `${engine.name} is not empty: it holds ${name}. Restore into an empty place; nothing in this one has changed`,
    )
  }
}

/** What was looked at before the claim may have been out of date by then. */
async function assertSame(partition: Partition, before: Lineage, where: string): Promise<void> {
  const row = await partition.get(LINEAGE_KEY)
  const now = row === undefined ? FIRST_LINEAGE : decodeLineage(row, where)
  if (now.restoring === before.restoring && now.incarnation === before.incarnation) return
  throw new MovingRefused('somebody else restores into the same place')
}

/** Takes away what an interrupted restore has left, which may have been one of another source. */
async function clear(engine: Engine, owner: OwnerInfo): Promise<void> {
  const names: string[] = []
  for await (const name of engine.partitions('')) {
    if (name !== LINEAGE_PARTITION) names.push(name)
  }
  for (const name of names) {
    const partition = await engine.claim(name, owner)
    await partition.commit([{ kind: 'delete-range', ...EVERYTHING }])
    await partition.close()
  }
}

/** Somebody may have made the node meanwhile. It was fenced out by the claim, and goes on with a claim of its own. */
async function assertNew(partition: Partition, name: string): Promise<void> {
  for await (const _ of partition.scan(EVERYTHING)) {
    throw new EngineError(`the node ${name} has been made meanwhile; nothing in it has changed`)
  }
}

class Restorer {
  readonly #engine: Engine
  readonly #owner: OwnerInfo
  readonly #incarnation: bigint
  readonly #options: RestoreOptions
  readonly #flights = new Flights()
  readonly #tally = new Tally()

  constructor(
    engine: Engine,
    how: { owner: OwnerInfo; incarnation: bigint; options: RestoreOptions },
  ) {
    this.#engine = engine
    this.#owner = how.owner
    this.#incarnation = how.incarnation
    this.#options = how.options
  }

  async all(source: Source): Promise<Moved> {
    try {
      for await (const node of source.nodes()) await this.#node(node)
    } catch (error) {
      // What is under way must have ended before anybody closes the engine; its own error is not the first.
      await this.#flights.landed().catch(() => undefined)
      throw error
    }
    await this.#flights.landed()
    return this.#tally.moved
  }

  async #node(node: CutPartition): Promise<void> {
    this.#tally.addNode()
    const entries = node.entries()[Symbol.asyncIterator]()
    const first: Entry[] = []
    let bytes = 0
    while (first.length < SMALL_NODE_ENTRIES && bytes < SMALL_NODE_BYTES) {
      const next = await entries.next()
      if (next.done === true) {
        return this.#flights.begin(() => this.#load(node, first, null))
      }
      first.push(this.#moved(node, next.value))
      bytes += bytesOfEntry(next.value)
    }
    await this.#load(node, first, entries)
  }

  /** @param more what follows the first entries; null for nothing */
  async #load(
    node: CutPartition,
    first: readonly Entry[],
    more: AsyncIterator<Entry> | null,
  ): Promise<void> {
    const { name, epoch } = node
    const { progress, signal } = this.#options
    signal?.throwIfAborted()
    if (name === LINEAGE_PARTITION) throw new EngineError(`${name} can be no node`)
    const above = nextEpochsAbove(epoch, this.#incarnation)
    const partition = await this.#engine.claim(name, this.#owner, above)
    await assertNew(partition, name)
    const load = new NodeLoad(partition)
    for (const entry of first) await load.add(entry)
    if (more !== null) {
      for (let next = await more.next(); next.done !== true; next = await more.next()) {
        await load.add(this.#moved(node, next.value))
        signal?.throwIfAborted()
        progress?.(this.#tally.moved)
      }
    }
    await load.end()
    await partition.close()
    progress?.(this.#tally.moved)
  }

  #moved({ name }: CutPartition, entry: Entry): Entry {
    this.#tally.addEntry(entry)
    try {
      return inIncarnation(entry, this.#incarnation)
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error
      const what = `what was stored of node ${name} cannot be understood: ${error.message}`
      throw new DamagedError(`${what}. Use a backup from before`, { cause: error })
    }
  }
}
