// guards: X8
import { FencedError, FencingGate, MemoryFencingStore } from '@tenure/client'
import { expect, test } from 'vitest'
import { deferred } from '../worlds.ts'

test('a gate admits a token that is not smaller than any before it', async () => {
  const gate = new FencingGate()
  await gate.admit('ledger', 3n)
  await gate.admit('ledger', 3n)
  await expect(gate.admit('ledger', 7n)).resolves.toBeUndefined()
})

test('a gate refuses a token that is smaller than one before it', async () => {
  const gate = new FencingGate()
  await gate.admit('ledger', 7n)
  const refusal = gate.admit('ledger', 6n)
  await expect(refusal).rejects.toBeInstanceOf(FencedError)
  await expect(refusal).rejects.toThrow('the token 6 of "ledger" is out of date')
  await gate.admit('ledger', 7n)
})

test('names do not fence each other', async () => {
  const gate = new FencingGate()
  await gate.admit('ledger', 7n)
  await expect(gate.admit('journal', 1n)).resolves.toBeUndefined()
})

test('work of a token that is out of date is not begun', async () => {
  const gate = new FencingGate()
  await gate.admit('ledger', 7n)
  let begun = false
  await expect(gate.run('ledger', 6n, () => (begun = true))).rejects.toBeInstanceOf(FencedError)
  expect(begun).toBe(false)
})

test('work of a later token waits until the work of an earlier one has ended', async () => {
  const gate = new FencingGate()
  const lines: string[] = []
  const disk = deferred()
  const early = gate.run('ledger', 1n, async () => {
    lines.push('early begins')
    await disk.promise
    lines.push('early ends')
  })
  const late = gate.run('ledger', 2n, () => lines.push('late'))
  await gate.run('journal', 1n, () => lines.push('another name'))
  disk.resolve()
  await Promise.all([early, late])
  expect(lines).toEqual(['early begins', 'another name', 'early ends', 'late'])
})

test('work that fails fails for its caller and holds up nobody', async () => {
  const gate = new FencingGate()
  const failing = gate.run('ledger', 1n, () => {
    throw new Error('disk full')
  })
  const next = gate.run('ledger', 1n, () => 'written')
  await expect(failing).rejects.toThrow('disk full')
  expect(await next).toBe('written')
})

test('a gate asks the store it was given, which may wait', async () => {
  const kept = new Map<string, bigint>([['ledger', 9n]])
  const gate = new FencingGate({
    store: {
      async raise(name, token) {
        const greatest = kept.get(name) ?? 0n
        kept.set(name, greatest > token ? greatest : token)
        return kept.get(name) ?? token
      },
    },
  })
  await expect(gate.admit('ledger', 8n)).rejects.toBeInstanceOf(FencedError)
  await gate.admit('ledger', 10n)
  expect(kept.get('ledger')).toBe(10n)
})

test('a full store in memory refuses new names and forgets none', () => {
  const store = new MemoryFencingStore({ namesMax: 1 })
  expect(store.raise('ledger', 5n)).toBe(5n)
  expect(() => store.raise('journal', 1n)).toThrow(RangeError)
  expect(store.raise('ledger', 4n)).toBe(5n)
})

test('a store for less than one name is a mistake', () => {
  expect(() => new MemoryFencingStore({ namesMax: 0 })).toThrow(RangeError)
})
