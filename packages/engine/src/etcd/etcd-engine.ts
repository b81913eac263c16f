/** All partitions of one prefix in an etcd cluster. */
import { type ChannelCredentials, credentials } from '@grpc/grpc-js'
import { partitionNameBytes } from '../bounds.ts'
import type {
  CommitLimits,
  Cut,
  Engine,
  Membership,
  OwnerInfo,
  Ownership,
  Partition,
} from '../engine.ts'
import { EngineError } from '../errors.ts'
import { Claims } from './claims.ts'
import { ClusterClient } from './cluster-client.ts'
import { cutOf } from './etcd-cut.ts'
import { EtcdPartition } from './etcd-partition.ts'
import { told } from './failure.ts'
import { Layout } from './layout.ts'
import { EtcdMembership } from './membership.ts'
import { RANGE, STATUS } from './methods.ts'
import { limitsOf, type Taken } from './request-bounds.ts'

const TIMEOUT_MS = 10_000
/** So that row keys stay short. */
const PREFIX_BYTES_MAX = 256
const NO_KEY = new Uint8Array()
const VERSION_LEAST = [3, 4] as const

export interface EtcdOptions extends Taken {
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
  const layout = layoutOf(prefix)
  const limits = limitsOf(options, layout.room(0).row(NO_KEY).length)
  const client = new ClusterClient({
    endpoints,
    credentials: credentialsOf(options.tls),
    login: user === undefined ? null : { name: user, password },
    timeoutMs,
  })
  try {
    await assertUsable(client, layout, endpoints)
    return new EtcdEngine(client, layout, { options, limits })
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
  readonly #layout: Layout
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
    this.#layout = layout
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

  async expect(partition: string): Promise<void> {
    this.#assertOpen()
    await this.#claims.expect(partitionNameBytes(partition))
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

  async cut(): Promise<Cut> {
    this.#assertOpen()
    return cutOf(this.#client, this.#layout)
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

function layoutOf(prefix: string): Layout {
  const trimmed = prefix.replace(/\/+$/, '')
  const bytes = Buffer.byteLength(trimmed)
  if (bytes === 0 || bytes > PREFIX_BYTES_MAX) {
    throw new RangeError(`an etcd prefix has 1 to ${PREFIX_BYTES_MAX} bytes, got ${bytes}`)
  }
  return new Layout(trimmed)
}

async function assertUsable(
  client: ClusterClient,
  layout: Layout,
  endpoints: readonly string[],
): Promise<void> {
  try {
    const { version } = await told(client.call(STATUS, {}))
    const [major = 0, minor = 0] = version.split('.').map(Number)
    const [majorLeast, minorLeast] = VERSION_LEAST
    if (major < majorLeast || (major === majorLeast && minor < minorLeast)) {
      throw new EngineError(`etcd ${version} is too old: 3.4 or later is needed`)
    }
    // With a majority behind it, and with the right to read.
    await told(client.call(RANGE, { key: layout.next }))
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    throw new EngineError(`etcd at ${endpoints.join(',')} cannot be used: ${error.message}`, {
      cause: error,
    })
  }
}
