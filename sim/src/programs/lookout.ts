/**
 * Watches all records of a prefix for as long as it can, keeping a copy of them; once all is quiet the copy is what is stored.
 */
import type { Record as StoredRecord, WatchBatch } from '@tenure/client'
import type { Desk, Program } from './program.ts'

const LOOK_MS = 500
const SLOW_SHARE = 0.2
const SLOW_MS = 400
/** Everything that is on its way has arrived by then. */
const QUIET_MS = 8_000
/** Leases of clients that have died end later: what they take along is told within this time. */
const STILL_MS = 1_000

export function lookout(prefix: string): Program {
  return {
    name: `looks out for ${prefix === '' ? 'everything' : prefix}`,
    needsOwnProtocol: true,
    waitsForQuiet: true,
    async round(desk) {
      const { archive } = desk.world.judge
      const { schedule } = desk.world
      const stop = new AbortController()
      const copy = new Copy(desk)
      const done = copy.follow(prefix, stop.signal)
      try {
        while (!copy.hasEnded) {
          await desk.sleep(LOOK_MS)
          if (desk.world.quietForMs < QUIET_MS || copy.hasEnded) continue
          const { latestMs } = archive
          if (schedule.nowMs - latestMs < STILL_MS) continue
          const stored = await desk.storage().getRange({ prefix }, {}, desk.timeout(20_000))
          if (archive.latestMs > latestMs) continue
          copy.settle(stored)
          desk.world.marks.reached('a copy of the records agrees with what is stored')
          return
        }
      } finally {
        stop.abort(desk.impatience())
        await done
      }
      throw copy.error
    },
  }
}

class Copy {
  readonly #desk: Desk
  readonly #versions = new Map<string, bigint>()
  #version = 0n
  hasEnded = false
  error: unknown = null

  constructor(desk: Desk) {
    this.#desk = desk
  }

  async follow(prefix: string, signal: AbortSignal): Promise<void> {
    const { random } = this.#desk
    try {
      for await (const batch of this.#desk.storage().watch({ prefix }, {}, signal)) {
        this.#take(batch)
        if (random.chance(SLOW_SHARE)) await this.#desk.sleep(random.exponential(SLOW_MS))
      }
    } catch (error) {
      this.error = error
    }
    this.hasEnded = true
  }

  settle(stored: readonly StoredRecord[]): void {
    const told = [...this.#versions].toSorted(([one], [other]) => (one < other ? -1 : 1))
    const seen = told.map(([key, version]) => `${key}@${version}`).join(' ')
    const there = stored.map(({ key, version }) => `${String(key)}@${version}`).join(' ')
    if (seen !== there) this.#violate(`was told of ${seen}, and ${there} is stored`)
  }

  #take(batch: WatchBatch): void {
    if (batch.version < this.#version) {
      this.#violate(`was told of ${batch.version} after ${this.#version}`)
    }
    if (batch.kind === 'reset') this.#desk.world.marks.reached('a lookout begins anew')
    if (batch.kind === 'changes') this.#change(batch)
    else {
      this.#versions.clear()
      for (const { key, version } of batch.records) this.#versions.set(String(key), version)
    }
    this.#version = batch.version
  }

  #change({ changes }: Extract<WatchBatch, { kind: 'changes' }>): void {
    for (const change of changes) {
      const { version } = change.kind === 'put' ? change.record : change
      const key = String(change.kind === 'put' ? change.record.key : change.key)
      const before = this.#versions.get(key) ?? 0n
      if (version <= before) this.#violate(`was told that "${key}" is ${version} after ${before}`)
      if (change.kind === 'put') this.#versions.set(key, version)
      else this.#versions.delete(key)
    }
  }

  #violate(text: string): void {
    this.#desk.world.judge.violate('W3', `${this.#desk.name} ${text}`)
  }
}
