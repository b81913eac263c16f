/** What can happen to a closed data file, and a store to let it happen to. */
import type { Engine } from '../../src/engine.ts'
import type { Draw } from '../../../../test/seed.ts'

export const PAGE_BYTES = 4096
/** A meta page has its say in so many of its first bytes. */
export const META_BYTES = 160
const HEAD_BYTES = 40

export interface Harm {
  readonly name: string
  /** @returns the file after it; `data` is a copy that may be changed */
  readonly harm: (data: Buffer, draw: Draw) => Buffer
  /** The least of a hundred that are noticed. Each is far likelier: with fewer the harm is not done. */
  readonly noticedMin: number
}

export const harms: readonly Harm[] = [
  {
    name: 'with a flipped bit',
    noticedMin: 5,
    harm: (data, draw) => flip(data, below(draw, data.length), below(draw, 8)),
  },
  {
    name: 'with a flipped bit in the head of a page',
    noticedMin: 10,
    harm: (data, draw) => flip(data, pageAt(data, draw) + below(draw, HEAD_BYTES), below(draw, 8)),
  },
  {
    name: 'with a flipped bit in a meta page',
    noticedMin: 20,
    harm: (data, draw) =>
      flip(data, below(draw, 2) * PAGE_BYTES + below(draw, META_BYTES), below(draw, 8)),
  },
  {
    name: 'that was cut',
    noticedMin: 50,
    harm: (data, draw) => data.subarray(0, below(draw, data.length)),
  },
  {
    name: 'with a zeroed page',
    noticedMin: 20,
    harm: (data, draw) => {
      const at = pageAt(data, draw)
      return data.fill(0, at, at + PAGE_BYTES)
    },
  },
  {
    name: 'with two pages swapped',
    noticedMin: 20,
    harm: (data, draw) => {
      const [one, other] = [pageAt(data, draw), pageAt(data, draw)]
      const page = Buffer.from(data.subarray(one, one + PAGE_BYTES))
      data.copy(data, one, other, other + PAGE_BYTES)
      page.copy(data, other)
      return data
    },
  },
  {
    name: 'with garbage at its end',
    noticedMin: 0,
    harm: (data, draw) => {
      const garbage = Buffer.alloc(1 + below(draw, 3 * PAGE_BYTES))
      return Buffer.concat([data, garbage.map(() => below(draw, 256))])
    },
  },
]

/** Flips one bit of `data`. */
export function flip(data: Buffer, at: number, bit: number): Buffer {
  data.writeUInt8(data.readUInt8(at) ^ (1 << bit), at)
  return data
}

/** Two partitions whose rows were written, changed and deleted in several transactions, with large values among them. */
export async function fill(engine: Engine, draw: Draw): Promise<void> {
  for (const name of ['p', 'q']) {
    const partition = await engine.claim(name, { id: 'writer', address: '' })
    for (let round = 0; round < 6; round += 1) {
      const rows = Array.from({ length: 150 }, (_, row) => ({
        kind: 'put' as const,
        key: Buffer.from(`k${below(draw, 100_000)}`),
        value: Buffer.alloc(20 + row, round),
      }))
      const large = { kind: 'put' as const, key: Buffer.of(round), value: Buffer.alloc(9000, 7) }
      await partition.commit([...rows, large])
    }
    const [start, end] = [Buffer.from('k5'), Buffer.from('k6')]
    await partition.commit([{ kind: 'delete-range', start, end }])
  }
}

/** A whole number from 0 to below `end`. */
export function below(draw: Draw, end: number): number {
  return Math.floor(draw() * end)
}

function pageAt(data: Buffer, draw: Draw): number {
  return below(draw, data.length / PAGE_BYTES) * PAGE_BYTES
}
