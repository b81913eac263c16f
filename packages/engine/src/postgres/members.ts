/**
 * Which servers use this deployment: a row for each, which it renews by the database's clock, so that no clock of theirs matters.
 */
import { delay } from '../clock.ts'
import type { Announcement, Membership, OwnerInfo } from '../engine.ts'
import { ask } from './deployment.ts'
import type { Deployment } from './deployment.ts'
import type { Row, Statement } from './link.ts'
import { quoted } from './migrations.ts'

/** So many times a row is renewed before it would be out of date. */
const RENEWALS = 4
const POLL_MS = 250
/** A row that is so much out of date is deleted by whoever renews. */
const FORGOTTEN_MS = 60_000

export class PostgresMembers implements Membership {
  readonly #deployment: Deployment
  readonly #table: string

  constructor(deployment: Deployment, schema: string) {
    this.#deployment = deployment
    this.#table = `${quoted(schema)}.servers`
  }

  async join(member: OwnerInfo, noticeMs: number): Promise<Announcement> {
    const { activity } = this.#deployment
    const renew = this.#renew(member, noticeMs)
    await activity.run(() => ask(this.#deployment, renew))
    const left = new AbortController()
    const renewing = this.#keepRenewing(renew, noticeMs / RENEWALS, left.signal)
    return {
      leave: async () => {
        left.abort()
        // A renewal that is under way would bring the row back.
        await renewing
        const gone = { text: `DELETE FROM ${this.#table} WHERE id = $1`, values: [member.id] }
        // Not renewed, it goes out of date by itself.
        await activity.run(() => ask(this.#deployment, gone)).catch(() => {})
      },
    }
  }

  async *watch(signal: AbortSignal): AsyncIterable<readonly OwnerInfo[]> {
    const { activity } = this.#deployment
    let shown: string | null = null
    while (!signal.aborted) {
      const rows = await activity
        .run(() => ask(this.#deployment, this.#present()))
        .catch(() => null)
      activity.check()
      const text = JSON.stringify(rows)
      if (rows !== null && text !== shown && !signal.aborted) {
        shown = text
        yield rows.map(memberOf)
      }
      await delay(POLL_MS, signal, { hold: false })
    }
  }

  async #keepRenewing(renew: Statement, everyMs: number, signal: AbortSignal): Promise<void> {
    const { activity } = this.#deployment
    for (;;) {
      await delay(everyMs, signal, { hold: false })
      if (signal.aborted) return
      try {
        await activity.run(() => ask(this.#deployment, renew))
      } catch {
        try {
          activity.check()
        } catch {
          // The engine is closed.
          return
        }
      }
    }
  }

  #renew({ id, address }: OwnerInfo, noticeMs: number): Statement {
    return {
      text: `WITH forgotten AS (
          DELETE FROM ${this.#table} WHERE id IN (
            SELECT id FROM ${this.#table}
            WHERE id <> $1 AND heard_at + (notice_ms + $4::bigint) * interval '1 ms' < clock_timestamp()
            FOR UPDATE SKIP LOCKED
          )
        )
        INSERT INTO ${this.#table} (id, address, heard_at, notice_ms)
        VALUES ($1, $2, clock_timestamp(), $3::bigint)
        ON CONFLICT (id) DO UPDATE SET address = EXCLUDED.address, heard_at = EXCLUDED.heard_at, notice_ms = EXCLUDED.notice_ms`,
      values: [id, address, String(Math.ceil(noticeMs)), String(FORGOTTEN_MS)],
    }
  }

  #present(): Statement {
    return {
      text: `SELECT id, address FROM ${this.#table}
        WHERE heard_at + notice_ms * interval '1 ms' > clock_timestamp() ORDER BY id`,
    }
  }
}

function memberOf([id, address]: Row): OwnerInfo {
  return { id: String(id), address: String(address) }
}
