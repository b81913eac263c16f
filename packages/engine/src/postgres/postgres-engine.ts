/** All partitions of a deployment in the tables of one schema; any number of processes may use it. */
import { partitionNameBytes } from '../bounds.ts'
import type { Cut, Engine, Membership, Ownership, OwnerInfo, Partition } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { Activity } from './activity.ts'
import { Connections } from './connections.ts'
import { ask, askFor } from './deployment.ts'
import type { Deployment } from './deployment.ts'
import { engineErrorOf } from './failure.ts'
import type { Link } from './link.ts'
import { PostgresMembers } from './members.ts'
import { migrate } from './migrations.ts'
import { bigintOf, ownedOf } from './ownership.ts'
import { patiently } from './patience.ts'
import type { PostgresPlace } from './place.ts'
import { titleOf } from './place.ts'
import { PostgresCut } from './postgres-cut.ts'
import { PostgresPartition } from './postgres-partition.ts'
import { ASK_SETTINGS, checkUsable, dangersOf, settingsOf } from './safety.ts'
import { Snapshots } from './snapshot.ts'
import { Statements } from './statements.ts'

export interface PostgresEngineOptions {
  /** Use a server whose settings may lose what was acknowledged. */
  readonly allowUnsafe?: boolean
  /** At most so many connections, at least 2; 16 by default. */
  readonly connectionsMax?: number
  /** How long what fails is tried again before it is said to have failed: longer than a failover takes. 30 s by default. */
  readonly patienceMs?: number
  /** The longest that the server may be silent while a statement runs before another connection asks what became of it. 10 s by default. */
  readonly answerMs?: number
}

const CONNECTIONS_MAX = 16
const PATIENCE_MS = 30_000
const OPENING_PATIENCE_MS = 1_000
const ANSWER_MS = 10_000
/** How long a close waits for an outage to end. */
const CLOSING_MS = 5_000
const NAMES_AT_ONCE = 1_000

/**
 * Connects, and makes the tables when they are absent.
 *
 * @throws RangeError when an option cannot be
 * @throws EngineError when no server can be reached, when it is refused for its version or its settings, or when the tables are of a later release
 */
export async function openPostgresEngine(
  place: PostgresPlace,
  options: PostgresEngineOptions = {},
): Promise<Engine> {
  const { connectionsMax = CONNECTIONS_MAX, answerMs = ANSWER_MS } = options
  if (!(connectionsMax >= 2)) {
    throw new RangeError(`at least 2 connections are needed, got ${connectionsMax}`)
  }
  const title = titleOf(place)
  const guard = new Guard(title, options.allowUnsafe === true)
  const check = (link: Link): Promise<void> => guard.check(link)
  const connections = new Connections({ place, connectionsMax, answerMs, check })
  const ending = new AbortController()
  const patience = { title, patienceMs: OPENING_PATIENCE_MS, ended: ending.signal }
  try {
    await migrate(connections, place.schema, patience)
  } catch (error) {
    await connections.close()
    throw engineErrorOf(title, error)
  }
  const deployment: Deployment = {
    title,
    activity: new Activity(`the engine ${title}`),
    connections,
    snapshots: new Snapshots(connections, Math.floor(connectionsMax / 2)),
    statements: new Statements(place.schema),
    patience: { ...patience, patienceMs: options.patienceMs ?? PATIENCE_MS },
    mustSync: options.allowUnsafe !== true,
  }
  return new PostgresEngine(deployment, { schema: place.schema, ending, dangers: guard.dangers })
}

/** Looks at each server before it is used. */
class Guard {
  readonly #title: string
  readonly #allowUnsafe: boolean
  /** Of the last server. */
  dangers: readonly string[] = []

  constructor(title: string, allowUnsafe: boolean) {
    this.#title = title
    this.#allowUnsafe = allowUnsafe
  }

  async check(link: Link): Promise<void> {
    const [row] = await link.run(ASK_SETTINGS)
    const { settings, isStandby } = settingsOf(row ?? [])
    checkUsable(this.#title, settings, isStandby)
    this.dangers = dangersOf(settings)
    if (this.dangers.length === 0 || this.#allowUnsafe) return
    throw new EngineError(
      `${this.#title}: ${this.dangers.join('; ')}; set it right, or allow it with --allow-unsafe-engine`,
    )
  }
}

interface Parts {
  readonly schema: string
  readonly ending: AbortController
  readonly dangers: readonly string[]
}

class PostgresEngine implements Engine {
  readonly name: string
  readonly durable = true
  readonly members: Membership
  readonly unsafe: readonly string[]
  readonly #deployment: Deployment
  readonly #ending: AbortController
  #closing: Promise<void> | null = null

  constructor(deployment: Deployment, { schema, ending, dangers }: Parts) {
    this.name = deployment.title
    this.unsafe = dangers
    this.members = new PostgresMembers(deployment, schema)
    this.#deployment = deployment
    this.#ending = ending
  }

  async claim(partition: string, owner: OwnerInfo, above = 0n): Promise<Partition> {
    checkName(partition)
    const { activity, statements } = this.#deployment
    return activity.run(async () => {
      // A claim whose answer was lost is made again, and is then two: the later one stands.
      const statement = statements.claim(partition, owner, above)
      const [row] = await ask(this.#deployment, statement)
      const claimed = { name: partition, number: String(row?.[0]), epoch: bigintOf(row?.[1]) }
      return new PostgresPartition(this.#deployment, claimed, bigintOf(row?.[2]))
    })
  }

  async ownerOf(partition: string): Promise<Ownership | null> {
    checkName(partition)
    const { activity, statements } = this.#deployment
    const statement = statements.ownerOf(partition)
    const owned = await activity.run(() =>
      askFor(this.#deployment, statement, ([row]) => ownedOf(row)),
    )
    return owned?.ownership ?? null
  }

  async *partitions(prefix: string): AsyncIterable<string> {
    const { activity, statements } = this.#deployment
    for (let last: string | null = null; ;) {
      const statement = statements.names(prefix, last, NAMES_AT_ONCE)
      const rows = await activity.run(() => ask(this.#deployment, statement))
      for (const [name] of rows) {
        activity.check()
        if (typeof name !== 'string' || !name.startsWith(prefix)) return
        yield name
        last = name
      }
      if (rows.length < NAMES_AT_ONCE) return
    }
  }

  async peek(partition: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    checkName(partition)
    const { activity, statements } = this.#deployment
    const [row] = await activity.run(() => ask(this.#deployment, statements.peek(partition, key)))
    return row?.[0] instanceof Buffer ? row[0] : undefined
  }

  async cut(): Promise<Cut> {
    const { activity, snapshots, patience } = this.#deployment
    const snapshot = await activity.run(() => patiently(patience, () => snapshots.begin()))
    return new PostgresCut(this.#deployment, snapshot)
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    const { activity, snapshots, connections } = this.#deployment
    const hurry = AbortSignal.timeout(CLOSING_MS)
    hurry.addEventListener('abort', () => {
      this.#ending.abort()
      connections.breakAll()
    })
    await activity.rest()
    this.#ending.abort()
    await snapshots.close()
    await connections.close()
  }
}

/** @throws RangeError when no partition can have this name */
function checkName(partition: string): void {
  partitionNameBytes(partition)
  if (partition.includes('\0')) {
    throw new RangeError('the name of a partition in a database has no NUL')
  }
}
