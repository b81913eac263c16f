/**
 * Transactions of one claim. Each compares the whole mark with that of the commit before it, so it does nothing once a later claim exists, and
 * nothing when it arrives a second time.
 *
 * When an answer was lost the same transaction is sent again. Either the first one was not done, and the second is; or it was, and then the
 * second finds the mark that the first has left.
 */
import type { MessageInitShape } from '@bufbuild/protobuf'
import { EngineError, FencedError } from '../errors.ts'
import type { Answer, ClusterClient } from './cluster-client.ts'
import { failureOf, told } from './failure.ts'
import type { KeyValue, TxnRequestSchema, TxnResponse } from './gen/etcd/v3/etcd_pb.ts'
import {
  type Claimed,
  type Mark,
  markText,
  type Pending,
  pendingText,
  readClaim,
  readMark,
  type Room,
} from './layout.ts'
import { RANGE, TXN } from './methods.ts'
import { found, isValue, type Operation, put, read } from './operation.ts'
import { StatusError } from './status.ts'

/** So many later claims are looked through for the one that followed. */
const CLAIMS_BACK_MAX = 64

export interface Claim {
  readonly partition: string
  /** The key that holds the last claim. */
  readonly key: Uint8Array
  readonly epoch: bigint
  readonly room: Room
}

export interface FencedWrite {
  /** Of the commit before. */
  readonly mark: Mark
  /** The mark that this write leaves; absent when it is no commit. */
  readonly next?: Mark
  /** What is pending before and after; absent when that does not matter. */
  readonly pending?: { readonly from: Pending; readonly to: Pending | null }
  readonly operations: readonly Operation[]
}

export class Fence {
  readonly claim: Claim
  readonly #client: ClusterClient

  constructor(client: ClusterClient, claim: Claim) {
    this.#client = client
    this.claim = claim
  }

  /**
   * Resolves when it is done.
   *
   * @throws FencedError and FullError when nothing was written, EngineError when that is unknown
   */
  async write(write: FencedWrite): Promise<void> {
    const { room, key } = this.claim
    const { mark, next, pending } = write
    const compare = [isValue(room.mark, markText(mark))]
    if (pending !== undefined) compare.push(isValue(room.pending, pendingText(pending.from)))
    const advance = next === undefined ? [] : [put(room.mark, markText(next))]
    const { message, isRepeated } = await this.#transact({
      compare,
      success: [...advance, ...write.operations],
      failure: [read(room.mark), read(key), read(room.pending)],
    })
    if (message.succeeded) return
    await this.#judge(write, message, isRepeated)
  }

  /** What the operations read at one moment, with the mark. @throws FencedError when a later claim exists */
  async read(operations: readonly Operation[]): Promise<TxnResponse> {
    const { room } = this.claim
    const success = [...operations, read(room.mark)]
    const message = await told(this.#client.call(TXN, { success }))
    await this.assertOwned(found(message, operations.length)[0])
    return message
  }

  /** @param entry the mark as it was read. @throws FencedError when a later claim exists */
  async assertOwned(entry: KeyValue | undefined): Promise<void> {
    const { room, epoch } = this.claim
    if (entry !== undefined && readMark(entry.value, room.mark).epoch === epoch) return
    throw this.#fenced(await this.#claimedNow())
  }

  async #transact(
    request: MessageInitShape<typeof TxnRequestSchema>,
  ): Promise<Answer<TxnResponse>> {
    try {
      return await this.#client.call(TXN, request)
    } catch (error) {
      throw failureOf(error)
    }
  }

  /** The comparison failed: returns when it did because an earlier attempt of the same write was done. */
  async #judge(write: FencedWrite, answer: TxnResponse, isRepeated: boolean): Promise<void> {
    const { room, key, epoch, partition } = this.claim
    const [marked, claimed, waiting] = [0, 1, 2].map((index) => found(answer, index)[0])
    const mark = marked && readMark(marked.value, room.mark)
    if (mark?.epoch === epoch) {
      if (isRepeated && hasLeft(write, mark, waiting)) return
      throw new EngineError(
        `partition "${partition}": somebody else writes under the claim of epoch ${epoch}`,
      )
    }
    if (isRepeated && write.next !== undefined && (await this.#wasCommitted(write.next))) return
    throw this.#fenced(claimed === undefined ? null : readClaim(claimed.value, key))
  }

  /** Whether the commit with this mark was the last before the next claim: looked up in what etcd remembers. */
  async #wasCommitted(next: Mark): Promise<boolean> {
    const { room, key, epoch, partition } = this.claim
    try {
      let [revision, followedAt] = [0n, 0n]
      for (let claims = 0; claims < CLAIMS_BACK_MAX; claims += 1) {
        const { message } = await this.#client.call(RANGE, { key, revision })
        const entry = message.kvs[0]
        if (entry === undefined) break
        if (readClaim(entry.value, key).epoch === epoch) {
          const before = { key: room.mark, revision: followedAt - 1n }
          const { message: marked } = await this.#client.call(RANGE, before)
          const last = Buffer.from(marked.kvs[0]?.value ?? [])
          return last.equals(markText(next))
        }
        followedAt = entry.modRevision
        revision = followedAt - 1n
      }
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
    }
    throw new EngineError(
      `partition "${partition}": epoch ${epoch} was fenced out, and whether its last commit was made before is forgotten`,
    )
  }

  async #claimedNow(): Promise<Claimed | null> {
    const { key } = this.claim
    const { kvs } = await told(this.#client.call(RANGE, { key }))
    return kvs[0] === undefined ? null : readClaim(kvs[0].value, key)
  }

  #fenced(later: Claimed | null): FencedError {
    return FencedError.by(this.claim.partition, this.claim.epoch, later)
  }
}

/** Whether mark and pending are as the write leaves them. */
function hasLeft(write: FencedWrite, mark: Mark, waiting: KeyValue | undefined): boolean {
  if (mark.commit !== (write.next ?? write.mark).commit) return false
  if (write.pending === undefined) return true
  const { to } = write.pending
  return Buffer.from(waiting?.value ?? []).equals(to === null ? Buffer.alloc(0) : pendingText(to))
}
