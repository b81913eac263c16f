/** The statements on the tables of one deployment. Each is whole by itself: none expects anything of the session that it runs in. */
import type { OwnerInfo } from '../engine.ts'
import { byteArray, bytesOf } from './byte-arrays.ts'
import type { Parameter, Statement } from './link.ts'
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
  /** Texts of commits, by the parts that they have. */
  readonly #commits = new Map<number, string>()

  constructor(schema: string) {
    this.#partitions = `${quoted(schema)}.partitions`
    this.#rows = `${quoted(schema)}.rows`
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

  /**
   * All of it, if `fence` still holds; then it returns one row, with how durable the commit is. The row lock of the partition puts
   * this in order with claims and with other tries of the same commit: whoever comes second sees what the first has made of the row.
   */
  commit({ number, epoch, mark }: Fence, { puts, deletes, ranges }: NetEffect): Statement {
    const values: Parameter[] = [number, String(epoch), String(mark)]
    let parts = 0
    const [first] = puts
    if (puts.length === 1 && first !== undefined) {
      parts |= ONE_PUT
      values.push(bytesOf(first.key), bytesOf(first.value))
    } else if (puts.length > 0) {
      parts |= PUTS
      values.push(byteArray(puts.map(({ key }) => key)), byteArray(puts.map(({ value }) => value)))
    }
    if (deletes.length > 0) {
      parts |= DELETES
      values.push(byteArray(deletes))
    }
    if (ranges.length > 0) {
      parts |= RANGES
      const ends = byteArray(ranges.map(({ end }) => end))
      values.push(byteArray(ranges.map(({ start }) => start)), ends)
    }
    return { text: this.#commitText(parts), values }
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

  #commitText(parts: number): string {
    const known = this.#commits.get(parts)
    if (known !== undefined) return known
    const text = this.#writeCommit(parts)
    this.#commits.set(parts, text)
    return text
  }

  #writeCommit(parts: number): string {
    let next = 4
    const array = (): string => `$${next++}::bytea[]`
    const clauses = [
      `fence AS (UPDATE ${this.#partitions} SET mark = mark + 1
        WHERE number = $1 AND epoch = $2 AND mark = $3 RETURNING number)`,
    ]
    if ((parts & (ONE_PUT | PUTS)) > 0) {
      // Most commits of a quiet node are one put, for which an array takes longer to plan than to do.
      const source =
        (parts & ONE_PUT) > 0
          ? `SELECT fence.number, $${next++}::bytea, $${next++}::bytea FROM fence`
          : `SELECT fence.number, new.key, new.value FROM fence, unnest(${array()}, ${array()}) AS new (key, value)`
      clauses.push(`put AS (INSERT INTO ${this.#rows} (partition, key, value) ${source}
        ON CONFLICT (partition, key) DO UPDATE SET value = EXCLUDED.value)`)
    }
    if ((parts & DELETES) > 0) {
      clauses.push(`deleted AS (DELETE FROM ${this.#rows} USING fence
        WHERE partition = fence.number AND key = ANY (${array()}))`)
    }
    if ((parts & RANGES) > 0) {
      clauses.push(`cleared AS (DELETE FROM ${this.#rows}
        USING fence, unnest(${array()}, ${array()}) AS span (first, past)
        WHERE partition = fence.number AND key >= span.first AND key < span.past)`)
    }
    return `WITH ${clauses.join(', ')} SELECT current_setting('synchronous_commit') FROM fence`
  }
}

const [PUTS, DELETES, RANGES, ONE_PUT] = [1, 2, 4, 8]
