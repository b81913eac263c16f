/** Cells that are records of Tenure. */
import type { Storage } from '@tenure/client'
import { cellKey, cellValue, KEYS_PER_PARTY } from './cell-values.ts'
import type { Cell } from './subject.ts'

export class RecordCell implements Cell {
  readonly #storage: Storage
  readonly #party: number
  readonly #versions: bigint[] = []
  #turn = 0

  private constructor(storage: Storage, party: number) {
    this.#storage = storage
    this.#party = party
  }

  static async make(storage: Storage, party: number): Promise<RecordCell> {
    const cell = new RecordCell(storage, party)
    for (let turn = 0; turn < KEYS_PER_PARTY; turn++) {
      const record = { key: cellKey(party, turn), value: cellValue(party, turn) }
      cell.#versions.push(await storage.put(record))
    }
    return cell
  }

  async swap(): Promise<void> {
    const turn = this.#turn++
    const at = turn % KEYS_PER_PARTY
    this.#versions[at] = await this.#storage.casByVersion({
      key: cellKey(this.#party, turn),
      value: cellValue(this.#party, turn),
      version: this.#versions[at] ?? 0n,
    })
  }

  async read(): Promise<void> {
    await this.#storage.get(cellKey(this.#party, this.#turn++))
  }
}
