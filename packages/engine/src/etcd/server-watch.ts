/**
 * All servers that are announced, at once and after each change.
 *
 * They are read at one revision and watched from the next one. When the watch ends, for whatever reason, it begins with reading again. A
 * member that was paused keeps its connections open, so it is asked for a sign of life now and then.
 */
import { isDeepStrictEqual } from 'node:util'
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { OwnerInfo } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { delay } from '../clock.ts'
import type { ClusterClient, OpenStream } from './cluster-client.ts'
import { told } from './failure.ts'
import type { WatchRequestSchema, WatchResponse } from './gen/etcd/v3/etcd_pb.ts'
import { readServer, type Span } from './layout.ts'
import { RANGE, WATCH } from './methods.ts'
import { StatusError } from './status.ts'

/** So often the member that is watched is asked for a sign of life. */
const PROBE_EVERY_MS = 2_000
const AGAIN_MS = 250

interface Seen {
  readonly servers: readonly OwnerInfo[]
  readonly revision: bigint
}

export async function* watchServers(
  client: ClusterClient,
  span: Span,
  signal: AbortSignal,
): AsyncIterable<readonly OwnerInfo[]> {
  const ended = AbortSignal.any([signal, client.closed])
  let told: readonly OwnerInfo[] | null = null
  while (!ended.aborted) {
    const seen = await look(client, span)
    if (seen === null) {
      await delay(AGAIN_MS, ended, { hold: false })
      continue
    }
    if (ended.aborted) break
    if (told === null || !isDeepStrictEqual(told, seen.servers)) {
      told = seen.servers
      yield seen.servers
    }
    if (!ended.aborted) await changed(client, { ...span, revision: seen.revision }, ended)
  }
  if (!signal.aborted) client.closed.throwIfAborted()
}

type Watching = OpenStream<MessageInitShape<typeof WatchRequestSchema>, WatchResponse>

/** @returns null when etcd does not answer */
async function look(client: ClusterClient, { key, rangeEnd }: Span): Promise<Seen | null> {
  try {
    const { kvs, header } = await told(client.call(RANGE, { key, rangeEnd }))
    const servers = kvs.map((entry) => readServer(entry.value, entry.key))
    return { servers, revision: header?.revision ?? 0n }
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    return null
  }
}

/** Resolves when something has changed since the revision, when that cannot be known, or when `ended` aborts. */
async function changed(
  client: ClusterClient,
  { key, rangeEnd, revision }: Span & { readonly revision: bigint },
  ended: AbortSignal,
): Promise<void> {
  const watching = await open(client)
  if (watching === null) return delay(AGAIN_MS, ended, { hold: false })
  const { stream, avoid } = watching
  const over = new AbortController()
  const finish = (): void => over.abort()
  let heard = true
  stream.on('data', (answer: WatchResponse) => {
    heard = true
    if (answer.canceled || answer.events.length > 0) finish()
  })
  stream.on('error', () => {
    if (!over.signal.aborted) avoid()
    finish()
  })
  stream.on('end', finish)
  const createRequest = { key, rangeEnd, startRevision: revision + 1n }
  stream.write({ requestUnion: { case: 'createRequest', value: createRequest } })
  const either = AbortSignal.any([over.signal, ended])
  while (!either.aborted) {
    await delay(PROBE_EVERY_MS, either, { hold: false })
    if (either.aborted) break
    if (!heard) {
      avoid()
      break
    }
    heard = false
    stream.write({ requestUnion: { case: 'progressRequest', value: {} } })
  }
  finish()
  stream.cancel()
}

async function open(client: ClusterClient): Promise<Watching | null> {
  try {
    return await client.open(WATCH)
  } catch (error) {
    if (!(error instanceof StatusError || error instanceof EngineError)) throw error
    return null
  }
}
