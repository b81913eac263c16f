/** Many record leases of one client: what they cost, and how long they outlive it. */
import { once } from 'node:events'
import {
  type Client,
  connect,
  prefix,
  type RecordLease,
  serve,
  type Storage,
  type WatchBatch,
} from 'tenure'
import { Proxy } from '../../../../test/proxy.ts'
import { FrameCounter } from './frame-counter.ts'
import { PATH } from './worlds.ts'

export interface Tenants {
  readonly leases: number
  readonly ttlMs: number
}

/** No session makes contact more often, in parts of the ttl of its shortest lease; and none less often than half as much. */
export const HEARTBEATS_PER_TTL_MAX = 8
/** A server hears nothing for so many periods of a heartbeat, then it gives a connection up. */
const SILENT_PERIODS = 2
const PERIODS_PER_TTL = 4
/** Due events may be so much later than due. */
const LATE_MAX_MS = 1_000
/** Of a ping, in all that wraps it. */
export const HEARTBEAT_BYTES_MAX = 80
/** Asked for at once. */
const BUNCH = 500

const FOLDER = prefix('lease/')

/** How long after the death of a client its records may still be there. */
export function boundMs(ttlMs: number, isSilent: boolean): number {
  return ttlMs + LATE_MAX_MS + (isSilent ? (SILENT_PERIODS * ttlMs) / PERIODS_PER_TTL : 0)
}

function portOf(listen: string): number {
  return Number(listen.split(':').at(-1))
}

/** Records, each under a lease of its own. */
async function fill(storage: Storage, { leases: count, ttlMs }: Tenants): Promise<RecordLease[]> {
  const leases: RecordLease[] = []
  while (leases.length < count) {
    const left = Math.min(BUNCH, count - leases.length)
    const made = Array.from({ length: left }, async (_, at) => {
      const lease = await storage.lessor.newLease(ttlMs, { keepAlive: true })
      await storage.create({ key: `lease/${leases.length + at}`, value: '1', lease })
      return lease
    })
    leases.push(...(await Promise.all(made)))
  }
  return leases
}

async function open(host: string): Promise<Client> {
  const client = connect(`grpc://${host}/local`, { protocol: 'tenure' })
  await client.createNode(PATH)
  return client
}

export interface Cost {
  /** Messages of the client in so long a time in which the program asked for nothing. */
  readonly messages: number
  readonly bytes: number
  readonly elapsedMs: number
  /** Leases that the client does not believe in any more. */
  readonly lost: number
  /** Records that another client sees. */
  readonly records: number
}

/** What it costs to keep leases for half as long again as each of them would live by itself. */
export async function costOf(tenants: Tenants): Promise<Cost> {
  await using serving = await serve({ listen: '127.0.0.1:0', http: null })
  await using counter = await FrameCounter.open(portOf(serving.listen))
  await using client = await open(counter.host)
  const leases = await fill(client.storage(PATH), tenants)
  const before = { messages: counter.frames, bytes: counter.bytes, atMs: performance.now() }
  await once(AbortSignal.timeout(tenants.ttlMs * 1.5), 'abort')
  const messages = counter.frames - before.messages
  const bytes = counter.bytes - before.bytes
  const elapsedMs = performance.now() - before.atMs
  await using other = await open(serving.listen)
  const records = (await other.storage(PATH).getRange(FOLDER)).length
  const lost = leases.filter(({ signal }) => signal.aborted).length
  return { messages, bytes, elapsedMs, lost, records }
}

export interface Removal {
  /** From the death of the client until there is none of its records. */
  readonly tookMs: number
  /** How many leases the client still believed in when another one knew of the first that was gone. */
  readonly believed: number | null
}

/** @param death of all connections of the client that keeps the leases */
export async function removalAfter(death: 'cut' | 'silence', tenants: Tenants): Promise<Removal> {
  await using serving = await serve({ listen: '127.0.0.1:0', http: null })
  await using proxy = await Proxy.open(portOf(serving.listen))
  await using client = await open(proxy.host)
  const leases = await fill(client.storage(PATH), tenants)
  await using other = await open(serving.listen)
  const watch = other.storage(PATH).watch(FOLDER)[Symbol.asyncIterator]()
  const { value: first }: IteratorResult<WatchBatch, undefined> = await watch.next()
  let left = first?.kind === 'snapshot' ? first.records.length : 0
  if (left < tenants.leases)
    throw new Error(`of ${tenants.leases} leases ${left} have lived so long`)
  proxy[death]()
  const diedAtMs = performance.now()
  let believed: number | null = null
  while (left > 0) {
    const { value: batch }: IteratorResult<WatchBatch, undefined> = await watch.next()
    if (batch?.kind !== 'changes') throw new Error('the history is gone')
    left -= batch.changes.filter(({ kind }) => kind === 'deleted').length
    // Contact was the same for all, so that all are over for the client before the first is for anybody else.
    believed ??= leases.filter(({ signal }) => !signal.aborted).length
  }
  const tookMs = performance.now() - diedAtMs
  await watch.return?.()
  return { tookMs, believed }
}
