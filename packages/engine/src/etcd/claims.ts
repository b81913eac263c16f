/** Claims of partitions, and what can be seen of them without one. */
import type { OwnerInfo, Ownership } from '../engine.ts'
import { EngineError, FencedError } from '../errors.ts'
import type { ClusterClient } from './cluster-client.ts'
import { told } from './failure.ts'
import { Fence } from './fence.ts'
import type { KeyValue, TxnResponse } from './gen/etcd/v3/etcd_pb.ts'
import { unpackWrites } from './journal.ts'
import {
  type Claimed,
  claimText,
  type Layout,
  markText,
  readClaim,
  readNumber,
  readPending,
  type Room,
} from './layout.ts'
import { RANGE, TXN } from './methods.ts'
import { found, isModifiedAt, put, read, revisionOf } from './operation.ts'
import { afterKey } from './pages.ts'
import { type Left, leftIn, leftOperations, recover } from './recovery.ts'
import { StatusError } from './status.ts'

const NAMES_PER_PAGE = 1000

/** Partitions that are expected at a time. */
const EXPECTED_MAX = 4_096

/** What a claim is made from: the last claim of the partition, and the counter of all. */
interface Seen {
  readonly last: KeyValue | undefined
  readonly counter: KeyValue | undefined
}

interface Raising {
  /** Of the last claim. */
  readonly key: Uint8Array
  readonly seen: Seen
  readonly owner: OwnerInfo
  /** The epoch is to be above this one, and above the last. */
  readonly above: bigint
}

/** A claim that was made. */
interface Raised {
  readonly epoch: bigint
  readonly room: Room
  readonly left: Left
}

export class Claims {
  readonly #client: ClusterClient
  readonly #layout: Layout
  /** By the names of partitions. */
  readonly #expected = new Map<string, Seen>()

  constructor(client: ClusterClient, layout: Layout) {
    this.#client = client
    this.#layout = layout
  }

  /** Looks for what the next claim of the partition here has to know. It may be out of date by then: that costs the time that was saved. */
  async expect(name: Uint8Array): Promise<void> {
    const seen = await this.#look(this.#layout.partition(name))
    this.#expected.set(textOf(name), seen)
    if (this.#expected.size <= EXPECTED_MAX) return
    for (const oldest of this.#expected.keys()) {
      this.#expected.delete(oldest)
      break
    }
  }

  /** Raises the epoch above the last one and `above`, and finishes what the last claim has declared. */
  async claim(
    partition: string,
    name: Uint8Array,
    owner: OwnerInfo,
    above: bigint,
  ): Promise<Fence> {
    const key = this.#layout.partition(name)
    let seen = this.#taken(name) ?? (await this.#look(key))
    let raised: Raised | Seen = await this.#raise({ key, seen, owner, above })
    while (!('epoch' in raised)) {
      seen = raised
      raised = await this.#raise({ key, seen, owner, above })
    }
    const { epoch, room, left } = raised
    const fence = new Fence(this.#client, { partition, key, epoch, room })
    try {
      await recover(fence, left)
    } catch (error) {
      // A later claim does the rest. This one was made, and every call of it will say what became of it.
      if (!(error instanceof FencedError)) throw error
    }
    return fence
  }

  async ownerOf(name: Uint8Array): Promise<Ownership | null> {
    const claimed = await this.#claimed(this.#layout.partition(name))
    if (claimed === null) return null
    const { id, address, epoch } = claimed
    return { id, address, epoch }
  }

  async *partitions(prefix: Uint8Array): AsyncIterable<string> {
    const span = this.#layout.partitions(prefix)
    let { key } = span
    for (;;) {
      const page = { key, rangeEnd: span.rangeEnd, limit: BigInt(NAMES_PER_PAGE), keysOnly: true }
      const { kvs, more } = await told(this.#client.call(RANGE, page))
      for (const entry of kvs) yield this.#layout.nameIn(entry.key)
      const last = kvs.at(-1)
      if (!more || last === undefined) return
      key = afterKey(last.key)
    }
  }

  /** One value, as if what is declared were applied. */
  async peek(name: Uint8Array, key: Uint8Array): Promise<Uint8Array | undefined> {
    const claimed = await this.#claimed(this.#layout.partition(name))
    if (claimed === null) return undefined
    const room = this.#layout.room(claimed.number)
    for (;;) {
      try {
        return await this.#peek(room, key)
      } catch (error) {
        // The journal that it was reading at one revision is gone: by now it is applied.
        const cause = error instanceof EngineError ? error.cause : undefined
        if (!(cause instanceof StatusError && cause.reason === 'compacted')) throw error
      }
    }
  }

  async #peek(room: Room, key: Uint8Array): Promise<Uint8Array | undefined> {
    const success = [read(room.row(key)), read(room.pending)]
    const answer = await told(this.#client.call(TXN, { success }))
    const [row] = found(answer, 0)
    let value: Uint8Array | undefined = row && new Uint8Array(row.value)
    const [declared] = found(answer, 1)
    if (declared === undefined) return value
    const pending = readPending(declared.value, room.pending)
    for (let part = pending.applied; part < pending.parts; part += 1) {
      const at = { key: room.part(pending.attempt, part), revision: revisionOf(answer) }
      const { kvs } = await told(this.#client.call(RANGE, at))
      value = afterPart(value, kvs[0], key)
    }
    return value
  }

  #taken(name: Uint8Array): Seen | undefined {
    const text = textOf(name)
    const seen = this.#expected.get(text)
    this.#expected.delete(text)
    return seen
  }

  async #look(key: Uint8Array): Promise<Seen> {
    const success = [read(key), read(this.#layout.next)]
    return seenIn(await told(this.#client.call(TXN, { success })))
  }

  /** @returns what is there when another claim was first */
  async #raise({ key, seen, owner, above }: Raising): Promise<Raised | Seen> {
    const { next } = this.#layout
    const { last, counter } = seen
    const before = last && readClaim(last.value, key)
    const number = before?.number ?? (counter === undefined ? 1 : readNumber(counter.value, next))
    const epoch = (before !== undefined && before.epoch > above ? before.epoch : above) + 1n
    const claimed = { number, epoch, id: owner.id, address: owner.address }
    const compare = [isModifiedAt(key, last?.modRevision ?? 0n)]
    const room = this.#layout.room(number)
    const success = [put(key, claimText(claimed)), put(room.mark, markText({ epoch, commit: 0 }))]
    if (before === undefined) {
      compare.push(isModifiedAt(next, counter?.modRevision ?? 0n))
      success.push(put(next, Buffer.from(String(number + 1))))
    }
    const at = success.length
    success.push(...leftOperations(room))
    const failure = [read(key), read(next)]
    const answer = await told(this.#client.call(TXN, { compare, success, failure }))
    return answer.succeeded ? { epoch, room, left: leftIn(answer, at) } : seenIn(answer)
  }

  async #claimed(key: Uint8Array): Promise<Claimed | null> {
    const { kvs } = await told(this.#client.call(RANGE, { key }))
    return kvs[0] === undefined ? null : readClaim(kvs[0].value, key)
  }
}

function seenIn(answer: TxnResponse): Seen {
  return { last: found(answer, 0)[0], counter: found(answer, 1)[0] }
}

function textOf(name: Uint8Array): string {
  return Buffer.from(name).toString('latin1')
}

/** The value of `key` when the part is applied. */
function afterPart(
  value: Uint8Array | undefined,
  part: KeyValue | undefined,
  key: Uint8Array,
): Uint8Array | undefined {
  let after = value
  for (const write of unpackWrites(part?.value ?? new Uint8Array())) {
    if (write.kind === 'delete-range') {
      const isWithin = Buffer.compare(write.start, key) <= 0 && Buffer.compare(key, write.end) < 0
      if (isWithin) after = undefined
    } else if (Buffer.compare(write.key, key) === 0) {
      after = write.kind === 'put' ? new Uint8Array(write.value) : undefined
    }
  }
  return after
}
