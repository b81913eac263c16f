/** The statements on the tables of one deployment. Each is whole by itself: none expects anything of the session that it runs in. */
import type { OwnerInfo } from '../engine.ts'
import { byteArray, bytesOf } from './byte-arrays.ts'
import type { Statement } from './link.ts'
import { quoted } from './migrations.ts'
import type { NetEffect } from '../net-effect.ts'

/** What says whose commit it is, and after which. */
export interface Fence {
  readonly number: string
  readonly epoch: bigint
  readonly mark: bigint
}

export interface PageRequest {
  readonly start: Uint8Array
  readonly end: Uint8Array
  readonly rowsMax: number
  /** Of values: the one that reaches this is the last. */
  readonly bytesMax: number
}

/** The columns by which a row of `partitions` says who owns it; see `ownership.ts`. */
const OWNED = 'p.epoch, p.mark, p.owner_id, p.owner_address, pg_is_in_recovery()'

export class Statements {
  readonly #partitions: string
  readonly #rows: string
  readonly #commit: string

  constructor(schema: string) {
    this.#partitions = `${quoted(schema)}.partitions`
    this.#rows = `${quoted(schema)}.rows`
    this.#commit = `SELECT ${quoted(schema)}.commit_writes($1, $2, $3, $4, $5, $6, $7, $8)`
  }

  /** Returns number, epoch, mark. */
  claim(name: string, { id, address }: OwnerInfo, above: bigint): Statement {
    return {
      text: `INSERT INTO ${this.#partitions} AS p (name, epoch, mark, owner_id, owner_address, claimed_at)
        VALUES ($1, $4::bigint + 1, 0, $2, $3, now())
        ON CONFLICT (name) DO UPDATE SET epoch = greatest(p.epoch, $4::bigint) + 1,
          owner_id = EXCLUDED.owner_id, owner_address = EXCLUDED.owner_address, claimed_at = EXCLUDED.claimed_at
        RETURNING number, epoch, mark`,
      values: [name, id, address, String(above)],
    }
  }

  /** Returns how durable the commit is; null when `fence` does not hold, and nothing was written. */
  commit({ number, epoch, mark }: Fence, { puts, deletes, ranges }: NetEffect): Statement {
    return {
      text: this.#commit,
      values: [
        number,
        String(epoch),
        String(mark),
        arrayOf(puts.map(({ key }) => key)),
        arrayOf(puts.map(({ value }) => value)),
        arrayOf(deletes),
        arrayOf(ranges.map(({ start }) => start)),
        arrayOf(ranges.map(({ end }) => end)),
      ],
    }
  }

  /** Who owns the partition. */
  owned(number: string): Statement {
    return {
      text: `SELECT ${OWNED}, current_setting('synchronous_standby_names') <> ''
        FROM ${this.#partitions} p WHERE number = $1`,
      values: [number],
    }
  }

  /**
   * The same, after all that is under way, and a commit of its own: when it returns, what it saw is as durable as a commit is, and no
   * other primary has taken over before.
   */
  ownedForSure(number: string): Statement {
    const { text, values = [] } = this.owned(number)
    return { text: `${text} FOR NO KEY UPDATE`, values }
  }

  get(number: string, key: Uint8Array): Statement {
    return {
      text: `SELECT ${OWNED}, r.value FROM ${this.#partitions} p
        LEFT JOIN ${this.#rows} r ON r.partition = p.number AND r.key = $2 WHERE p.number = $1`,
      values: [number, bytesOf(key)],
    }
  }

  /** One row for each entry; one without key when there is none. */
  page(number: string, { start, end, rowsMax, bytesMax }: PageRequest): Statement {
    // Lengths are known without reading the values, which may be large and kept elsewhere.
    return {
      text: `SELECT ${OWNED}, r.key, r.value FROM ${this.#partitions} p LEFT JOIN (
          SELECT key, value FROM (
            SELECT key, value, sum(octet_length(value)) OVER (ORDER BY key ROWS UNBOUNDED PRECEDING) - octet_length(value) AS bytes_before
            FROM (
              SELECT key, value FROM ${this.#rows}
              WHERE partition = $1 AND key >= $2 AND key < $3 ORDER BY key LIMIT $4
            ) AS next
          ) AS counted WHERE bytes_before < $5
        ) AS r ON true
        WHERE p.number = $1 ORDER BY r.key`,
      values: [number, bytesOf(start), bytesOf(end), String(rowsMax), String(bytesMax)],
    }
  }

  ownerOf(name: string): Statement {
    return {
      text: `SELECT ${OWNED} FROM ${this.#partitions} p WHERE name = $1`,
      values: [name],
    }
  }

  peek(name: string, key: Uint8Array): Statement {
    return {
      text: `SELECT r.value FROM ${this.#partitions} p JOIN ${this.#rows} r ON r.partition = p.number
        WHERE p.name = $1 AND r.key = $2`,
      values: [name, bytesOf(key)],
    }
  }

  /** Name, number and epoch of those behind `last` (null: all) that begin with `prefix`, or come after those. */
  names(prefix: string, last: string | null, rowsMax: number): Statement {
    return {
      text: `SELECT name, number, epoch FROM ${this.#partitions}
        WHERE name >= $1 AND ($2::text IS NULL OR name > $2) ORDER BY name LIMIT $3`,
      values: [last ?? prefix, last, String(rowsMax)],
    }
  }
}

/** null for none: the server then skips what would do nothing. */
function arrayOf(elements: readonly Uint8Array[]): Buffer | null {
  return elements.length === 0 ? null : byteArray(elements)
}
