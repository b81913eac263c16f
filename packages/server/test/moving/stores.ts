/** Stores to move: nodes of every size, with rows as a kernel makes them. */
import { createHash } from 'node:crypto'
import type { Engine, OwnerInfo } from '@tenure/engine'
import { openMemoryEngine } from '@tenure/engine/memory'
import { KEY_RANGE_LOADED, Kernel } from '@tenure/kernel'
import type { Command, Step, Write } from '@tenure/kernel'
import { writeBackup } from '../../src/moving/backup-writer.ts'
import { LINEAGE_PARTITION } from '../../src/moving/lineage.ts'
import { sourceOfCut } from '../../src/moving/source.ts'
import type { Source } from '../../src/moving/source.ts'

const NOTHING = new Uint8Array()
const ASKED = { stream: 1, requestId: 1n }
const OWNER: OwnerInfo = { id: 'test', address: '' }
const CONFIG = {
  selfCheckPeriodMs: 0,
  sessionGracePeriodMs: 0,
  readConsistency: 'unset',
  attachConsistency: 'unset',
  rateLimiterCounters: 'unset',
} as const

/** A node that is driven by hand. */
export class MovedNode {
  readonly kernel = new Kernel()
  readonly writes: Write[] = []

  do(command: Command): Step['events'] {
    const { events, writes } = this.kernel.apply(command, 0)
    this.writes.push(...writes)
    return events
  }

  create(): void {
    this.do({ kind: 'create-node', ...ASKED, config: CONFIG })
    const about = { description: '', sequenceNumber: 0n, protectionKey: NOTHING }
    this.do({ kind: 'attach', ...ASKED, session: 0n, timeoutMs: 60_000n, ...about })
  }

  /** The session of a created node, which counts up with each creation. */
  get session(): bigint {
    return BigInt(this.kernel.statistics().sessions)
  }

  put(key: string, value: Uint8Array): void {
    const at = { ...ASKED, session: 1n, key: Buffer.from(key), lease: null }
    this.do({ kind: 'put-record', ...at, value })
  }

  /** @returns the token */
  acquire(name: string): bigint {
    const terms = { name, count: 1n, timeoutMs: 0n, data: NOTHING, ephemeral: true }
    const [event] = this.do({ kind: 'acquire', ...ASKED, session: 1n, ...terms })
    if (event?.kind !== 'acquired') throw new Error(`not acquired but ${event?.kind}`)
    return event.orderId
  }

  async keep(engine: Engine, path: string): Promise<void> {
    const partition = await engine.claim(path, OWNER)
    const writes = [...this.writes.splice(0), ...this.kernel.seal()]
    while (writes.length > 0) await partition.commit(writes.splice(0, 1_000))
  }
}

/** A node as it is stored. */
export async function load(engine: Engine, path: string): Promise<MovedNode> {
  const node = new MovedNode()
  const partition = await engine.claim(path, OWNER)
  for await (const entry of partition.scan(KEY_RANGE_LOADED)) node.kernel.load(entry)
  node.kernel.start(0, partition.epoch)
  return node
}

/** Nodes with a handful of rows, one that was dropped, one that was only claimed; a large one when that is asked for. */
export async function filled(size: { small: number; isLargeToo: boolean }): Promise<Engine> {
  const engine = openMemoryEngine()
  for (let number = 0; number < size.small; number += 1) {
    const node = new MovedNode()
    node.kernel.start(0)
    node.create()
    node.acquire(`lock ${number}`)
    node.put('key', Buffer.from(`value ${number}`))
    await node.keep(engine, `/local/small-${number}`)
  }
  const dropped = new MovedNode()
  dropped.kernel.start(0)
  dropped.create()
  dropped.do({ kind: 'drop-node', ...ASKED })
  await dropped.keep(engine, '/local/dropped')
  await engine.claim('/local/claimed', OWNER, 1_000n)
  if (size.isLargeToo) await large(engine)
  return engine
}

/** More than goes in one commit, or in one frame. */
async function large(engine: Engine): Promise<void> {
  const node = new MovedNode()
  node.kernel.start(0)
  node.create()
  for (let row = 0; row < 700; row += 1) node.put(`k${row}`, NOTHING)
  for (let row = 0; row < 3; row += 1) node.put(`large ${row}`, new Uint8Array(1_000_000).fill(row))
  await node.keep(engine, '/local/large')
}

/** All that is stored, as text by partition, but for the lineage. */
export async function contents(engine: Engine): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  const cut = await engine.cut()
  for await (const partition of cut.partitions()) {
    if (partition.name === LINEAGE_PARTITION) continue
    const rows: string[] = []
    for await (const [key, value] of partition.entries()) rows.push(`${hex(key)}=${hex(value)}`)
    found.set(partition.name, rows)
  }
  await cut.close()
  return found
}

/** Of what is long its digest. */
function hex(bytes: Uint8Array): string {
  if (bytes.length > 4_000) return createHash('sha1').update(bytes).digest('hex')
  return Buffer.from(bytes).toString('hex')
}

export async function sourceOf(engine: Engine): Promise<Source> {
  return sourceOfCut(await engine.cut(), engine.name)
}

/** The bytes of a backup, always the same for the same store. */
export async function backupOf(engine: Engine): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  const about = { created: '2026-11-01T00:00:00.000Z', by: '0.1.0', from: engine.name }
  await writeBackup(await sourceOf(engine), {
    about,
    write: async (bytes) => void pieces.push(bytes.slice()),
  })
  return Buffer.concat(pieces)
}

/** The bytes in pieces of a size. */
export async function* inPieces(bytes: Buffer, pieceBytes = 1_000): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}
