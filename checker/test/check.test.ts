/**
 * The search by itself, on a register of numbers.
 *
 * guards: L1, L2
 */
import { check, type Model, type Operation } from '@tenure/checker'
import { expect, test } from 'vitest'

type Input = number | 'read'
type Output = number | 'written'

const register: Model<number, Input, Output> = {
  initial: 0,
  step: (state, input, output) => {
    if (input !== 'read') return [input]
    return output === null || output === state ? [state] : []
  },
  keyOf: (state) => `${state}`,
  describe: (input, output) =>
    input === 'read' ? `read -> ${output ?? 'no answer'}` : `write ${input}`,
}

function asked(
  input: Input,
  output: Output | null,
  [calledAt, returnedAt]: readonly [number, number],
): Operation<Input, Output> {
  return { actor: 'a', input, output, calledAt, returnedAt }
}

test('nothing is linearizable', () => {
  expect(check(register, [])).toEqual({ kind: 'linearizable' })
})

test('a read may see a write that was open at the same time, or not', () => {
  const write = asked(1, 'written', [1, 4])
  for (const seen of [0, 1]) {
    expect(check(register, [write, asked('read', seen, [2, 3])]).kind).toBe('linearizable')
  }
})

test('a stale read is a violation', () => {
  const verdict = check(register, [asked(1, 'written', [1, 2]), asked('read', 0, [3, 4])])
  expect(verdict.kind).toBe('violation')
})
