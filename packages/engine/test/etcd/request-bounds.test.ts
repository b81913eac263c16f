import { expect, test } from 'vitest'
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../../src/bounds.ts'
import { limitsOf } from '../../src/etcd/request-bounds.ts'

test("with etcd's defaults a batch has 126 operations and the largest entry fits into it", () => {
  const limits = limitsOf({}, 30)
  expect(limits.batchOperations).toBe(126)
  expect(limits.batchBytes).toBeGreaterThan(KEY_BYTES_MAX + VALUE_BYTES_MAX)
  expect(limits.maxOperations).toBe(100_000)
})

test('a cluster that takes more gets larger batches', () => {
  const limits = limitsOf({ maxTxnOps: 4096, maxRequestBytes: 16 * 1024 * 1024 }, 30)
  expect(limits.batchOperations).toBe(4094)
  expect(limits.batchBytes).toBeGreaterThan(15 * 1024 * 1024)
})

test('many operations leave room for the largest entry in a request of the default size', () => {
  const limits = limitsOf({ maxTxnOps: 100_000 }, 280)
  expect(limits.batchBytes).toBeGreaterThanOrEqual(KEY_BYTES_MAX + VALUE_BYTES_MAX)
  expect(limits.batchOperations).toBeGreaterThan(126)
})

test("a cluster that takes less than etcd's defaults is refused", () => {
  expect(() => limitsOf({ maxTxnOps: 127 }, 30)).toThrow(/--max-txn-ops 128/)
  expect(() => limitsOf({ maxRequestBytes: Number.NaN }, 30)).toThrow(RangeError)
})
