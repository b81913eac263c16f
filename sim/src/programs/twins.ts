/** Two records that are only ever written together: whoever sees both at one moment sees them alike. */
import type { Record as StoredRecord } from '@tenure/client'
import type { Desk, Program } from './program.ts'
import { newValue } from './record-values.ts'
import { CREW, CREWS } from './tenant.ts'

const TWINS: readonly string[] = ['twin/left', 'twin/right']
const PAUSE_MS = 200

export function twins(): Program {
  return {
    name: 'writes twins',
    needsOwnProtocol: true,
    async round(desk) {
      const { random } = desk
      const [left = ''] = TWINS
      const storage = desk.storage()
      const patience = desk.timeout(20_000)
      const value = newValue(desk)
      const then = TWINS.map((key) =>
        random.chance(0.15)
          ? ({ kind: 'put', key, value, lease: 0n } as const)
          : ({ kind: 'put', key, value } as const),
      )
      const deletes = TWINS.map((key) => ({ kind: 'delete', key }) as const)
      const way = random.pick(['put', 'put', 'delete', 'compare', 'read'])
      if (way === 'put') await storage.transact({ then }, patience)
      else if (way === 'delete') await storage.transact({ then: deletes }, patience)
      else if (way === 'read') judgeGets(desk, await gets(desk, patience))
      else {
        const [present] = await gets(desk, patience)
        const compare = { key: left, value: present?.value ?? 'nothing' } as const
        const { succeeded } = await storage.transact(
          { if: [compare], then, else: deletes },
          patience,
        )
        if (!succeeded) desk.world.marks.reached('a transaction does otherwise')
      }
      await desk.sleep(random.exponential(PAUSE_MS))
    },
  }
}

async function gets(desk: Desk, signal: AbortSignal): Promise<readonly (StoredRecord | null)[]> {
  const then = TWINS.map((key) => ({ kind: 'get', key }) as const)
  return (await desk.storage().transact({ then }, signal)).records
}

function judgeGets(desk: Desk, records: readonly (StoredRecord | null)[]): void {
  const [left, right] = records
  if (left?.version !== right?.version) {
    const versions = records.map((record) => record?.version ?? 'nothing').join(' and ')
    desk.world.judge.violate('L4', `${desk.name} saw twins of ${versions} at one moment`)
  }
}

/** Reads ranges: each is one moment, in which twins are alike and crews are whole. */
export function ranger(): Program {
  return {
    name: 'reads ranges',
    needsOwnProtocol: true,
    async round(desk) {
      const storage = desk.storage()
      const signal = desk.timeout(20_000)
      const found = await storage.getRange({ prefix: '' }, {}, signal)
      const byKey = new Map(found.map((record) => [String(record.key), record]))
      judgeGets(
        desk,
        TWINS.map((key) => byKey.get(key) ?? null),
      )
      judgeCrews(desk, byKey)
      await desk.sleep(desk.random.exponential(PAUSE_MS))
    },
  }
}

/** K3: a crew is written together, and goes with its lease. */
function judgeCrews(desk: Desk, byKey: ReadonlyMap<string, StoredRecord>): void {
  for (const [key, { version }] of byKey) {
    if (!key.startsWith(CREWS)) continue
    const crew = key.slice(0, key.lastIndexOf('/') + 1)
    const isWhole = CREW.every((part) => byKey.get(crew + part)?.version === version)
    if (!isWhole) desk.world.judge.violate('K3', `${desk.name} saw only a part of ${crew}`)
    else desk.world.marks.reached('a range shows a whole crew')
  }
}
