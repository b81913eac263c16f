/** A watch of a prefix under writes, while its connection breaks again and again; with what must hold of it. */
import { connect, type Key, prefix, serve, type Storage, type WatchBatch } from 'tenure'
import { Proxy } from '../../../../test/proxy.ts'
import { NODE, PATH } from './worlds.ts'

export interface Storm {
  readonly durationMs: number
  readonly writesPerSecond: number
  readonly breakEveryMs: number
  readonly keys: number
  /** What draws the keys. */
  readonly seed: number
}

export interface StormReport {
  readonly writes: number
  readonly connections: number
  readonly batches: number
  readonly resets: number
  /** What went against the rule. */
  readonly wrong: readonly string[]
  readonly seen: ReadonlyMap<Key, bigint>
  readonly stored: ReadonlyMap<Key, bigint>
}

/** Writes are asked for in bunches, so often. */
const BUNCH_MS = 10

/** What a reader of the watch knows. */
class Mirror {
  readonly records = new Map<Key, bigint>()
  readonly wrong: string[] = []
  version = 0n
  batches = 0
  resets = 0

  take(batch: WatchBatch): void {
    this.batches += 1
    if (batch.version < this.version) {
      this.wrong.push(`a ${batch.kind} of ${batch.version} after ${this.version}`)
    }
    if (batch.kind === 'changes') this.#change(batch.changes)
    else this.#replace(batch)
    this.version = batch.version
  }

  #change(changes: Extract<WatchBatch, { kind: 'changes' }>['changes']): void {
    let last = this.version
    for (const change of changes) {
      const [key, version] =
        change.kind === 'put'
          ? [change.record.key, change.record.version]
          : [change.key, change.version]
      const known = this.records.get(key) ?? 0n
      if (version < last) this.wrong.push(`the change ${version} after ${last}`)
      if (version <= this.version)
        this.wrong.push(`the change ${version}, known up to ${this.version}`)
      if (version <= known) this.wrong.push(`version ${version} of a key that had ${known}`)
      if (change.kind === 'put') this.records.set(key, version)
      else if (!this.records.delete(key))
        this.wrong.push(`a deletion of what was absent: ${version}`)
      last = version
    }
  }

  #replace({ kind, records }: Exclude<WatchBatch, { kind: 'changes' }>): void {
    if (kind === 'reset') this.resets += 1
    const known = new Map(this.records)
    this.records.clear()
    for (const { key, version } of records) {
      if (version < (known.get(key) ?? 0n))
        this.wrong.push(`a ${kind} with an older version of a key`)
      this.records.set(key, version)
    }
  }
}

/** mulberry32. */
function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export async function watchInStorm(storm: Storm): Promise<StormReport> {
  await using serving = await serve({ listen: '127.0.0.1:0', http: null })
  await using proxy = await Proxy.open(Number(serving.listen.split(':').at(-1)))
  await using writer = connect(serving.address, { protocol: 'tenure' })
  await writer.createNode(PATH, NODE)
  await using reader = connect(`grpc://${proxy.host}/local`, { protocol: 'tenure' })
  const storage = writer.storage(PATH)
  const mirror = new Mirror()
  const following = follow(reader.storage(PATH), mirror)
  const breaking = setInterval(() => proxy.drop(), storm.breakEveryMs)
  let writes: number
  try {
    writes = await write(storage, storm)
    // The last write of all shows where the watch has to come to.
    await storage.put({ key: END, value: '' })
    await following
  } finally {
    clearInterval(breaking)
  }
  const stored = new Map(
    (await storage.getRange(prefix('in/'))).map(({ key, version }): [Key, bigint] => [
      key,
      version,
    ]),
  )
  const { records: seen, wrong, batches, resets } = mirror
  return { writes, connections: proxy.accepted, batches, resets, wrong, seen, stored }
}

const END = 'in/the end'

async function follow(storage: Storage, mirror: Mirror): Promise<void> {
  for await (const batch of storage.watch(prefix('in/'))) {
    mirror.take(batch)
    if (mirror.records.has(END)) return
  }
}

/** Writes as fast as it was asked to, or as fast as it can; some of it beside the prefix. */
async function write(storage: Storage, storm: Storm): Promise<number> {
  const draw = chance(storm.seed)
  const startedAt = performance.now()
  let writes = 0
  for (;;) {
    const passedMs = performance.now() - startedAt
    if (passedMs >= storm.durationMs) return writes
    const due = Math.floor((passedMs / 1_000) * storm.writesPerSecond) - writes
    const asked: Promise<unknown>[] = []
    for (let count = 0; count < due; count += 1) asked.push(writeOne(storage, storm, draw))
    writes += asked.length
    const pause = new Promise<void>((resolve) => {
      setTimeout(resolve, BUNCH_MS)
    })
    await Promise.all([...asked, pause])
  }
}

const DELETES = 0.2
const BESIDE = 0.1

function writeOne(storage: Storage, { keys }: Storm, draw: () => number): Promise<unknown> {
  const folder = draw() < BESIDE ? 'beside' : 'in'
  const key = `${folder}/${Math.floor(draw() * keys)}`
  return draw() < DELETES
    ? storage.transact({ then: [{ kind: 'delete', key }] })
    : storage.put({ key, value: `value of ${key}` })
}
