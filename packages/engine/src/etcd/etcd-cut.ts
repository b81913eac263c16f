/**
 * All partitions at one revision.
 *
 * A large commit that is declared belongs to the cut, and its rows are not yet where they will be. So the cut is made at a revision at which
 * none is pending: a server that lives is done with it in a moment.
 */
import type { Entry } from '@tenure/kernel'
import type { Cut, CutPartition } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { delay, monotonicMs } from '../clock.ts'
import type { ClusterClient } from './cluster-client.ts'
import { told } from './failure.ts'
import type { TxnResponse } from './gen/etcd/v3/etcd_pb.ts'
import { type Layout, readClaim } from './layout.ts'
import { RANGE, TXN } from './methods.ts'
import type { Operation } from './operation.ts'
import { entriesOf, type Pin } from './pages.ts'

const PENDING_MAX_MS = 10_000
const ASK_EVERY_MS = 20

/** @throws EngineError when a large commit stays pending */
export async function cutOf(client: ClusterClient, layout: Layout): Promise<Cut> {
  const endMs = monotonicMs() + PENDING_MAX_MS
  for (;;) {
    const request = { ...layout.pendings, limit: 1n, keysOnly: true }
    const { kvs, header } = await told(client.call(RANGE, request))
    const [pending] = kvs
    if (pending === undefined) return new EtcdCut(client, layout, header?.revision ?? 0n)
    if (monotonicMs() >= endMs) {
      throw new EngineError(
        `etcd: a large commit is not yet applied (${Buffer.from(pending.key).toString()}): start a server, which does it, and try again`,
      )
    }
    await delay(ASK_EVERY_MS, client.closed, { hold: true })
  }
}

class EtcdCut implements Cut {
  readonly #layout: Layout
  readonly #pin: Pin
  #closed = false

  constructor(client: ClusterClient, layout: Layout, revision: bigint) {
    this.#layout = layout
    this.#pin = new CutPin(client, revision, () => this.#assertOpen())
  }

  async *partitions(): AsyncIterable<CutPartition> {
    this.#assertOpen()
    for await (const { key, value } of entriesOf(
      this.#pin,
      this.#layout.partitions(new Uint8Array()),
    )) {
      const { number, epoch } = readClaim(value, key)
      yield { name: this.#layout.nameIn(key), epoch, entries: () => this.#entries(number) }
      this.#assertOpen()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  async *#entries(number: number): AsyncIterable<Entry> {
    this.#assertOpen()
    const room = this.#layout.room(number)
    for await (const { key, value } of entriesOf(this.#pin, room.rows)) {
      yield [room.keyIn(key), new Uint8Array(value)]
      this.#assertOpen()
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new EngineError('this cut is closed')
  }
}

class CutPin implements Pin {
  readonly revision: bigint
  readonly #client: ClusterClient
  readonly #assertOpen: () => void

  constructor(client: ClusterClient, revision: bigint, assertOpen: () => void) {
    this.revision = revision
    this.#client = client
    this.#assertOpen = assertOpen
  }

  ask(page: Operation): Promise<TxnResponse> {
    this.#assertOpen()
    return told(this.#client.call(TXN, { success: [page] }))
  }

  seen(): void {}

  async compacted(error: EngineError): Promise<void> {
    throw new EngineError(
      `etcd compacted the revision ${this.revision} away that a cut reads: make it again, and keep more history meanwhile (--auto-compaction-retention)`,
      { cause: error },
    )
  }
}
