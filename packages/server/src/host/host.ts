/**
 * Which coordination nodes run here, and the way to them.
 *
 * A node's name in the engine is its canonical path. A node is loaded at its first use and stays while it is used; one that
 * failed is loaded anew at its next use.
 */
import { DamagedError, EngineError } from '@tenure/engine'
import type { Engine, OwnerInfo, Partition } from '@tenure/engine'
import {
  decodeNodeConfig,
  decodeThemes,
  epochsAbove,
  InvariantError,
  NODE_KEY,
  THEMES_KEY,
} from '@tenure/kernel'
import type { Limits, NodeConfig, ThemeConfig } from '@tenure/kernel'
import { systemClock } from '../clock.ts'
import type { Clock, Timer } from '../clock.ts'
import { reasonOf, silentLog } from '../log.ts'
import type { Log } from '../log.ts'
import { systemRandom } from '../random.ts'
import type { Random } from '../random.ts'
import { DueClock } from '../tablet/due-clock.ts'
import { loadKernel } from '../tablet/loading.ts'
import { Outside } from '../tablet/outside.ts'
import { ServedTime } from '../tablet/served-time.ts'
import { TabletCounters } from '../tablet/statistics.ts'
import type { StreamSink, TabletStream } from '../tablet/stream.ts'
import { Tablet } from '../tablet/tablet.ts'
import type { TabletEnd } from '../tablet/tablet.ts'
import { type PathRefusal, refusalAt } from './directory.ts'
import { DEFAULT_HOST_LIMITS } from './limits.ts'
import type { HostLimits } from './limits.ts'
import { within } from '../within.ts'
import { PlaceTaken, refusalByRivals } from './rival-creations.ts'
import { Residence } from './residence.ts'
import { gatherStatistics } from './statistics.ts'
import type { HostStatistics } from './statistics.ts'
import { Turnstile } from './turnstile.ts'

/** One running coordination node. */
export interface HostedNode {
  readonly path: string
  /** A new way in. */
  connect(sink: StreamSink): TabletStream
}

export interface HostContract {
  /**
   * The running node of a canonical path, loaded when need be. `create` makes place for a node that is new.
   *
   * @returns the node; or why there is none. A node that was dropped may be returned: it answers NOT_FOUND itself
   * @throws UnreachedError when the node is between two servers; EngineError when the engine cannot be reached or the node's data is damaged
   */
  node(path: string, options: { create: boolean }): Promise<HostedNode | PathRefusal>
  /** Paths of the existing nodes at or below `prefix`, ascending. */
  list(prefix: string): Promise<string[]>
  /** The stored settings of the node at a canonical path, wherever it runs; null when there is none. */
  settings(path: string): Promise<NodeConfig | null>
  /** Stops every tablet after what was accepted has been answered. Sessions survive. */
  close(): Promise<void>
}

export interface HostOptions {
  /** Stays the caller's: closing the host does not close it. */
  readonly engine: Engine
  readonly clock?: Clock
  readonly random?: Random
  /** Who claims partitions here; by default a random id, without an address. */
  readonly owner?: OwnerInfo
  /** Of what is in the engine, 0 when it was never moved: counters of new nodes begin above those of the places before. */
  readonly incarnation?: bigint
  readonly limits?: Partial<HostLimits>
  readonly kernelLimits?: Partial<Limits>
  readonly log?: Log
  /**
   * A node's session log has these themes: told when the node has been loaded with any, and after each change once that is durable.
   * Must not throw.
   */
  readonly themesChanged?: (path: string, themes: readonly ThemeConfig[]) => void
}

const OWNER_ID_BYTES = 8

export class Host implements HostContract {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #random: Random
  readonly #owner: OwnerInfo
  readonly #epochsAbove: bigint
  readonly #limits: HostLimits
  readonly #kernelLimits: Partial<Limits>
  readonly #log: Log
  readonly #themesChanged: (path: string, themes: readonly ThemeConfig[]) => void
  readonly #time: ServedTime
  readonly #dueClock: DueClock
  readonly #counters = new TabletCounters()
  readonly #residences = new Map<string, Residence>()
  /** Claims of nodes whose engine had no room: a new claim would need room, too. */
  readonly #fullPartitions = new Map<string, Partition>()
  readonly #creating = new Turnstile()
  #sweeper: Timer
  #closing: Promise<void> | null = null

  constructor(options: HostOptions) {
    const random = options.random ?? systemRandom
    this.#engine = options.engine
    this.#clock = options.clock ?? systemClock
    this.#random = random
    this.#owner = options.owner ?? {
      id: Buffer.from(random.bytes(OWNER_ID_BYTES)).toString('hex'),
      address: '',
    }
    this.#epochsAbove = epochsAbove(options.incarnation ?? 0n)
    this.#limits = { ...DEFAULT_HOST_LIMITS, ...options.limits }
    this.#kernelLimits = options.kernelLimits ?? {}
    this.#log = options.log ?? silentLog
    this.#themesChanged = options.themesChanged ?? (() => {})
    this.#time = new ServedTime(this.#clock)
    this.#dueClock = new DueClock(this.#clock)
    this.#sweeper = this.#sweepLater()
  }

  async node(path: string, options: { create: boolean }): Promise<HostedNode | PathRefusal> {
    this.#assertOpen()
    if (options.create) {
      const refusal = await this.#creating.pass(() => this.#reserve(path))
      if (refusal !== null) return refusal
    } else {
      const refusal = await this.refusalOf(path)
      if (refusal !== null) return refusal
    }
    try {
      return await this.#residence(path).tablet
    } catch (error) {
      if (error instanceof PlaceTaken) return error.refusal
      throw error
    }
  }

  /** Why the path has no node to give; null when it has one, wherever that runs. */
  async refusalOf(path: string): Promise<PathRefusal | null> {
    if (this.#residences.has(path) || (await this.#isStored(path))) return null
    return (await this.#refusalAt(path)) ?? 'absent'
  }

  /** Paths of the nodes that run here, or are about to. */
  get running(): readonly string[] {
    return [...this.#residences.keys()]
  }

  /** Whether the node runs here, or is about to. */
  has(path: string): boolean {
    return this.#residences.has(path)
  }

  /** Whether the node has been loaded here, and exists. */
  runs(path: string): boolean {
    return this.#residences.get(path)?.loaded?.exists === true
  }

  /** Gives a node up in good order, as at the end of the host: what was accepted is answered, and the next who is asked for it claims it. */
  async release(path: string): Promise<void> {
    const residence = this.#residences.get(path)
    if (residence === undefined) return
    await stop(residence)
    this.#forget(residence)
  }

  /** The node is likely to be loaded here soon. @throws EngineError */
  async expect(path: string): Promise<void> {
    if (!this.has(path)) await this.#engine.expect?.(path)
  }

  /** Loads a node that exists, before anybody asks for it. @throws EngineError */
  async take(path: string): Promise<void> {
    await this.#residence(path).tablet
  }

  async list(prefix: string): Promise<string[]> {
    const paths: string[] = []
    for await (const path of this.#engine.partitions(prefix)) {
      const isBelow = prefix.endsWith('/') || path === prefix || path[prefix.length] === '/'
      if (isBelow && (await this.#isStored(path))) paths.push(path)
    }
    return paths
  }

  async settings(path: string): Promise<NodeConfig | null> {
    const row = await this.#engine.peek(path, NODE_KEY)
    return row === undefined ? null : decodeNodeConfig(row)
  }

  /** Paths of the nodes whose tasks are taken to somebody, wherever these nodes run: of themes with a handler. */
  async *themed(): AsyncIterable<string> {
    for await (const path of this.#engine.partitions('')) {
      const row = await this.#engine.peek(path, THEMES_KEY)
      if (row !== undefined && this.#hasHandler(path, row)) yield path
    }
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  statistics(): HostStatistics {
    const tablets = [...this.#residences.values()].flatMap((residence) => residence.loaded ?? [])
    return gatherStatistics(tablets, { counters: this.#counters, time: this.#time })
  }

  /** Creations pass one at a time, so that two of them cannot make one node an ancestor of the other. */
  async #reserve(path: string): Promise<PathRefusal | null> {
    if (!(await this.#exists(path))) {
      const refusal = await this.#refusalAt(path)
      if (refusal !== null) return refusal
    }
    this.#residence(path).reserve()
    return null
  }

  /** The node's place in memory, loading from now on when it is new. */
  #residence(path: string): Residence {
    this.#assertOpen()
    const nowMs = this.#clock.monotonicMs()
    const present = this.#residences.get(path)
    if (present !== undefined) {
      present.usedAtMs = nowMs
      return present
    }
    // The residence must be known before loading can end.
    const loading = Promise.resolve().then(() => this.#load(path, () => residence))
    const residence: Residence = new Residence(path, loading, nowMs)
    this.#residences.set(path, residence)
    // Whoever uses the residence sees the error.
    loading.catch(() => this.#forget(residence))
    return residence
  }

  async #load(path: string, residence: () => Residence): Promise<Tablet> {
    const kept = this.#fullPartitions.get(path)
    this.#fullPartitions.delete(path)
    const partition = kept ?? (await this.#engine.claim(path, this.#owner, this.#epochsAbove))
    const outside = new Outside(this.#dueClock, this.#random)
    const ports = { partition, clock: this.#clock, time: this.#time, outside }
    try {
      const kernel = await loadKernel({ ...ports, kernelLimits: this.#kernelLimits })
      if (!kernel.statistics().exists) await this.#assertNoRival(path)
      this.#assertOpen()
      const tablet = new Tablet({
        ...ports,
        path,
        kernel,
        limits: this.#limits.tablet,
        counters: this.#counters,
        log: this.#log,
        full: kept !== undefined,
        themed: (themes) => this.#themesChanged(path, themes),
        ended: (why) => this.#tabletEnded(residence(), { why, partition }),
      })
      residence().settle(tablet)
      if (kernel.themes.length > 0) this.#themesChanged(path, kernel.themes)
      return tablet
    } catch (error) {
      await this.#closePartition(path, partition)
      if (!(error instanceof InvariantError)) throw error
      const remedy = 'restore it from a backup'
      throw new DamagedError(
        `the data of node ${path} in ${this.#engine.name}: ${error.message}; ${remedy}`,
        {
          cause: error,
        },
      )
    }
  }

  /** Among several servers, each of which lets creations pass one at a time. @throws PlaceTaken */
  async #assertNoRival(path: string): Promise<void> {
    const engine = this.#engine
    if (engine.members === undefined) return
    const ports = { engine, owner: this.#owner, above: this.#epochsAbove }
    const refusal = await refusalByRivals(path, ports)
    if (refusal !== null) throw new PlaceTaken(refusal)
  }

  #tabletEnded(residence: Residence, end: { why: TabletEnd; partition: Partition }): void {
    this.#forget(residence)
    if (end.why === 'full') this.#fullPartitions.set(residence.path, end.partition)
  }

  #forget(residence: Residence): void {
    const { path } = residence
    if (this.#residences.get(path) === residence) this.#residences.delete(path)
  }

  async #refusalAt(path: string): Promise<Exclude<PathRefusal, 'absent'> | null> {
    return refusalAt(path, {
      exists: (other) => this.#exists(other),
      candidates: (prefix) => this.#engine.partitions(prefix),
    })
  }

  /** Memory may be ahead of what is stored, in both directions: a place is free when both say so. */
  async #exists(path: string): Promise<boolean> {
    return this.#residences.get(path)?.isTaken === true || (await this.#isStored(path))
  }

  async #isStored(path: string): Promise<boolean> {
    return (await this.#engine.peek(path, NODE_KEY)) !== undefined
  }

  #hasHandler(path: string, themes: Uint8Array): boolean {
    try {
      return decodeThemes(themes).some(({ handler }) => handler !== '')
    } catch (error) {
      // Whoever loads the node is told how to go on.
      this.#log.error('themes of a node cannot be read', { path, reason: reasonOf(error) })
      return false
    }
  }

  #sweepLater(): Timer {
    return this.#clock.after(this.#limits.unusedMs / 2, () => {
      this.#sweep()
      this.#sweeper = this.#sweepLater()
    })
  }

  #sweep(): void {
    const usedBeforeMs = this.#clock.monotonicMs() - this.#limits.unusedMs
    for (const residence of this.#residences.values()) {
      const tablet = residence.loaded
      if (tablet === null) continue
      if (!tablet.unused) {
        residence.usedAtMs = this.#clock.monotonicMs()
      } else if (residence.usedAtMs <= usedBeforeMs) {
        this.#forget(residence)
        void tablet.stop()
      }
    }
  }

  async #close(): Promise<void> {
    this.#sweeper.cancel()
    const stopped = Promise.all([...this.#residences.values()].map(stop))
    await within(this.#clock, this.#limits.closeMs, stopped)
    for (const residence of this.#residences.values()) residence.loaded?.abandon()
    for (const [path, partition] of this.#fullPartitions) {
      await this.#closePartition(path, partition)
    }
    this.#fullPartitions.clear()
    this.#time.stop()
  }

  async #closePartition(path: string, partition: Partition): Promise<void> {
    try {
      await partition.close()
    } catch (error) {
      this.#log.warn('a partition did not close', { path, reason: reasonOf(error) })
    }
  }

  #assertOpen(): void {
    if (this.#closing !== null) throw new EngineError('the host is closed')
  }
}

async function stop(residence: Residence): Promise<void> {
  let tablet = residence.loaded
  try {
    tablet ??= await residence.tablet
  } catch {
    // Whoever asked for the node has been told.
    return
  }
  await tablet.stop()
}
