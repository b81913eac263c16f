/** All partitions of one prefix in an etcd cluster. */
import { type ChannelCredentials, credentials } from '@grpc/grpc-js'
import { partitionNameBytes } from '../bounds.ts'
import type {
  CommitLimits,
  Engine,
  Membership,
  OwnerInfo,
  Ownership,
  Partition,
} from '../engine.ts'
import { EngineError } from '../errors.ts'
import { Claims } from './claims.ts'
import { ClusterClient } from './cluster-client.ts'
import { EtcdPartition } from './etcd-partition.ts'
import { told } from './failure.ts'
import { KV, Maintenance } from './gen/etcd/v3/etcd_pb.ts'
import { Layout } from './layout.ts'
import { EtcdMembership } from './membership.ts'

const [OPERATIONS_MAX, BYTES_MAX] = [100_000, 64 * 1024 * 1024]
/** etcd's own defaults. */
const TXN_OPERATIONS = 128
const REQUEST_BYTES = 1_572_864
const TIMEOUT_MS = 10_000

/** Operations of a transaction that are not the caller's: the mark, or what is pending and its journal. */
const OWN_OPERATIONS = 2
/** Of a request, for what stands around keys and values. */
const OWN_SHARE = 6
const VERSION_LEAST = [3, 4] as const

export interface EtcdOptions {
  /** `host:port` of each member, in the order in which they are tried. */
  readonly endpoints: readonly string[]
  /** What all keys begin with, `/tenure` by default. Each deployment has its own. */
  readonly prefix?: string
  /** Present: TLS. Each is PEM; without `ca` the certificates that Node trusts are. */
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer }
  readonly user?: string
  readonly password?: string
  /** The longest time of one call, with all its attempts at all members. 10,000 by default. */
  readonly timeoutMs?: number
  /** What the cluster was started with as `--max-txn-ops`; 128 by default. */
  readonly maxTxnOps?: number
  /** What the cluster was started with as `--max-request-bytes`; 1,572,864 by default. */
  readonly maxRequestBytes?: number
}

/**
 * Opens an etcd cluster, version 3.4 or later.
 *
 * Durable is what a majority of the members has synced. That a member was started with `--unsafe-no-fsync` cannot be seen through its API: the
 * engine neither refuses nor tells.
 *
 * @throws RangeError for options that cannot be; EngineError when no member answers, when it is too old, or when it refuses the user
 */
export async function openEtcdEngine(options: EtcdOptions): Promise<Engine> {
  const { endpoints, prefix = '/tenure', user, password = '', timeoutMs = TIMEOUT_MS } = options
  if (endpoints.length === 0) throw new RangeError('an etcd engine needs an endpoint: host:2379')
  const client = new ClusterClient({
    endpoints,
    credentials: credentialsOf(options.tls),
    login: user === undefined ? null : { name: user, password },
    timeoutMs,
  })
  try {
    const layout = new Layout(prefix.replace(/\/+$/, ''))
    await assertUsable(client, layout, endpoints)
    return new EtcdEngine(client, layout, { options, limits: limitsOf(options) })
  } catch (error) {
    client.close()
    throw error
  }
}

class EtcdEngine implements Engine {
  readonly name: string
  readonly durable = true
  readonly members: Membership
  readonly #client: ClusterClient
  readonly #claims: Claims
  readonly #limits: CommitLimits
  readonly #partitions = new Set<WeakRef<EtcdPartition>>()
  #closing: Promise<void> | null = null

  constructor(
    client: ClusterClient,
    layout: Layout,
    { options, limits }: { readonly options: EtcdOptions; readonly limits: CommitLimits },
  ) {
    this.name = `etcd ${options.endpoints.join(',')}${layout.prefix}`
    this.members = new EtcdMembership(client, layout)
    this.#client = client
    this.#claims = new Claims(client, layout)
    this.#limits = limits
  }

  async claim(partition: string, owner: OwnerInfo, above = 0n): Promise<Partition> {
    this.#assertOpen()
    const name = partitionNameBytes(partition)
    const fence = await this.#claims.claim(partition, name, owner, above)
    const claimed = new EtcdPartition(fence, this.#limits, () => this.#assertOpen())
    this.#remember(claimed)
    return claimed
  }

  async ownerOf(partition: string): Promise<Ownership | null> {
    this.#assertOpen()
    return this.#claims.ownerOf(partitionNameBytes(partition))
  }

  async *partitions(prefix: string): AsyncIterable<string> {
    this.#assertOpen()
    yield* this.#claims.partitions(Buffer.from(prefix, 'utf8'))
  }

  async peek(partition: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertOpen()
    return this.#claims.peek(partitionNameBytes(partition), key)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.all(
      Array.from(this.#partitions, (known) => known.deref()?.idle() ?? Promise.resolve()),
    )
    this.#client.close()
  }

  #remember(partition: EtcdPartition): void {
    for (const known of this.#partitions) {
      if (known.deref() === undefined) this.#partitions.delete(known)
    }
    this.#partitions.add(new WeakRef(partition))
  }

  #assertOpen(): void {
    if (this.#closing !== null) throw new EngineError('the etcd engine is closed')
  }
}

function credentialsOf(tls: EtcdOptions['tls']): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure()
  const { ca = null, cert = null, key = null } = tls
  return credentials.createSsl(ca, key, cert)
}

function limitsOf({
  maxTxnOps = TXN_OPERATIONS,
  maxRequestBytes = REQUEST_BYTES,
}: EtcdOptions): CommitLimits {
  if (!(maxTxnOps >= TXN_OPERATIONS) || !(maxRequestBytes >= REQUEST_BYTES)) {
    throw new RangeError(
      `the engine needs etcd's defaults at least: --max-txn-ops ${TXN_OPERATIONS} and --max-request-bytes ${REQUEST_BYTES}`,
    )
  }
  return {
    maxOperations: OPERATIONS_MAX,
    maxBytes: BYTES_MAX,
    batchOperations: Math.min(OPERATIONS_MAX, maxTxnOps - OWN_OPERATIONS),
    batchBytes: Math.min(BYTES_MAX, maxRequestBytes - Math.ceil(maxRequestBytes / OWN_SHARE)),
  }
}

async function assertUsable(
  client: ClusterClient,
  layout: Layout,
  endpoints: readonly string[],
): Promise<void> {
  try {
    const { version } = await told(client.call(Maintenance.method.status, {}))
    const [major = 0, minor = 0] = version.split('.').map(Number)
    const [majorLeast, minorLeast] = VERSION_LEAST
    if (major < majorLeast || (major === majorLeast && minor < minorLeast)) {
      throw new EngineError(`etcd ${version} is too old: 3.4 or later is needed`)
    }
    // With a majority behind it, and with the right to read.
    await told(client.call(KV.method.range, { key: layout.next }))
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    throw new EngineError(`etcd at ${endpoints.join(',')} cannot be used: ${error.message}`, {
      cause: error,
    })
  }
}
