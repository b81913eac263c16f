import { expect, test } from 'vitest'
import { ownerAmong } from '../../src/cluster/placement.ts'

const NODES = 6_000
const PATHS = Array.from({ length: NODES }, (_, index) => `/local/app-${index % 7}/node-${index}`)

function servers(count: number): { id: string; address: string }[] {
  return Array.from({ length: count }, (_, index) => {
    return { id: `id-${index}`, address: `10.0.0.${index}:2136` }
  })
}

function owners(count: number): (string | undefined)[] {
  return PATHS.map((path) => ownerAmong(path, servers(count))?.address)
}

test('where there are no servers there is no owner', () => {
  expect(ownerAmong('/local/a', [])).toBe(null)
})

test('every server that sees the same servers says the same, in whatever order it sees them', () => {
  const [some, turned] = [servers(5), servers(5).toReversed()]
  for (const path of PATHS.slice(0, 500)) {
    expect(ownerAmong(path, turned)).toEqual(ownerAmong(path, some))
  }
})

test('a server that was started again gets the same nodes', () => {
  const again = servers(3).map(({ address }) => ({ id: 'another', address }))
  for (const path of PATHS.slice(0, 500)) {
    expect(ownerAmong(path, again)?.address).toBe(ownerAmong(path, servers(3))?.address)
  }
})

test('shares are even', () => {
  const counts = sharesOf(owners(6))
  for (const share of counts.values()) {
    expect(share).toBeGreaterThan((NODES / 6) * 0.85)
    expect(share).toBeLessThan((NODES / 6) * 1.15)
  }
})

test('a server that comes takes nodes for itself only, and no more than its share', () => {
  const [before, after] = [owners(5), owners(6)]
  const moved = after.filter((owner, index) => owner !== before[index])
  expect(new Set(moved)).toEqual(new Set(['10.0.0.5:2136']))
  expect(moved.length).toBeLessThan((NODES / 6) * 1.15)
})

function sharesOf(all: readonly (string | undefined)[]): Map<string | undefined, number> {
  const shares = new Map<string | undefined, number>()
  for (const owner of all) shares.set(owner, (shares.get(owner) ?? 0) + 1)
  return shares
}
