/** Each example, as it was built, says what its page promises. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { wordsOf } from '../../test/prebuilt/words.ts'

async function linesOf(example: string): Promise<string[]> {
  const words = [...wordsOf(`examples/dist/${example}/main.js`), 'memory:']
  const { stdout } = await promisify(execFile)(process.execPath, words)
  return stdout.trimEnd().split('\n')
}

test.concurrent('mutex: no deposit is lost, and a busy lock is not waited for', async () => {
  const lines = await linesOf('mutex')
  expect(lines).toHaveLength(5)
  expect(lines.slice(-2)).toEqual(['balance 60', 'locked busy'])
})

test.concurrent('rwlock: readers together, then the writer alone', async () => {
  expect(await linesOf('rwlock')).toEqual([
    'two readers: apple costs 1',
    expect.stringMatching(/^the writer alone, token \d+: apple costs 2$/),
  ])
})

test.concurrent('semaphore: the slots are never overdrawn', async () => {
  const lines = await linesOf('semaphore')
  expect(lines.at(-1)).toBe('all done')
  const used = lines.slice(0, -1).map((line) => Number(/(\d) of 3 in use/.exec(line)?.[1]))
  expect(used).toHaveLength(6)
  expect(Math.max(...used)).toBeLessThanOrEqual(3)
})

test.concurrent('election: everybody sees the leader, its words and its successor', async () => {
  const lines = await linesOf('election')
  expect(lines.map((line) => line.replace(/\d+/, 'N'))).toEqual([
    'term N: alice at 10.0.0.1',
    'term N: alice, busy',
    'term N: bob at 10.0.0.2',
    'alice leads: false, bob leads: true',
    'N rooms swept; follower, nobody leads',
  ])
})

test.concurrent('registry: the list follows who comes and goes', async () => {
  expect(await linesOf('registry')).toEqual([
    '[]',
    '[10.0.0.1:80]',
    '[10.0.0.1:80, 10.0.0.2:80]',
    '[10.0.0.2:80]',
  ])
})

test.concurrent('config: every follower ends on the last value', async () => {
  const lines = await linesOf('config')
  for (const name of ['first', 'second']) {
    expect(lines.filter((line) => line.startsWith(name)).at(-1)).toBe(
      `${name} sees red, green, blue`,
    )
  }
})

test.concurrent('barrier: nobody runs before the last one is at the start', async () => {
  const lines = await linesOf('barrier')
  expect(lines.slice(0, 3).every((line) => line.endsWith('is at the start'))).toBe(true)
  expect(lines.slice(3).toSorted()).toEqual(['Anna runs', 'Boris runs', 'Clara runs'])
})

// guards: X8
test.concurrent('fencing: the late write of a sleeper is refused', async () => {
  const lines = await linesOf('fencing')
  expect(lines[0]).toBe("the new holder's token is greater: true")
  expect(lines[1]).toMatch(/^refused: /)
  expect(lines[2]).toBe('first, by the sleeper; second, by the new holder')
})

test.concurrent('first: the program of the README gets the lock and prints', async () => {
  const lines = await linesOf('first')
  expect(lines).toEqual([
    'waiting for the lock',
    expect.stringMatching(/^mine, token \d+$/),
    'page 1',
    'page 2',
    'page 3',
    'done',
  ])
})

test.concurrent('records: no update is lost, a transaction is whole, a watch goes on where it has ended', async () => {
  expect(await linesOf('records')).toEqual([
    'stock/apple: 6',
    'stock/pear: 5',
    'moved: true',
    '1 in stock',
    'put stock/plum',
  ])
})

test.concurrent('leases: what a program has said of itself is gone with it, and what was for a time after that', async () => {
  expect(await linesOf('leases')).toEqual([
    'worker/1 is at 10.0.0.1:80',
    'worker/1 is gone: true',
    'left: 0',
    'the lease is over: true',
    'it has time left: true',
    'the note is gone',
  ])
})

// holds: S2-14
test.concurrent('order: what a client has left half done is finished, and no step is done twice', async () => {
  expect(await linesOf('order')).toEqual([
    'apple: finished by its client',
    'pear: Error: the client fails, and has not noted the charge',
    'pear: attempt 1, reserve done before',
    'pear: finished by the handler; all that was asked for:',
    'reserve apple',
    'charge apple',
    'ship apple',
    'reserve pear',
    'charge pear',
    'charge pear',
    'ship pear',
  ])
})
