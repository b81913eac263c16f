import { expect, test } from 'vitest'
import { DamagedError } from '../../src/errors.ts'
import { packWrites, unpackWrites } from '../../src/etcd/journal.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

test('packed writes come back as they were', () => {
  const writes = [
    { kind: 'put', key: bytes(), value: bytes() },
    { kind: 'put', key: bytes(1, 2), value: new Uint8Array(70_000).fill(3) },
    { kind: 'delete', key: bytes(0, 255) },
    { kind: 'delete-range', start: bytes(), end: bytes(255) },
  ] as const
  const plain = unpackWrites(packWrites(writes)).map((write) =>
    Object.fromEntries(
      Object.entries(write).map(([name, field]) => [
        name,
        typeof field === 'string' ? field : new Uint8Array(field),
      ]),
    ),
  )
  expect(plain).toEqual(writes)
  expect(unpackWrites(packWrites([]))).toEqual([])
})

test('packed writes that end too early, or say what there is not, are noticed', () => {
  const packed = packWrites([{ kind: 'put', key: bytes(1, 2), value: bytes(3) }])
  for (let length = 1; length < packed.length; length += 1) {
    expect(() => unpackWrites(packed.subarray(0, length))).toThrow(DamagedError)
  }
  expect(() => unpackWrites(bytes(9))).toThrow(DamagedError)
})
