/** What the command says, to a reader who is slow. */
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { Output } from '../../src/command/output.ts'

/** A reader that takes one thing at a time, when it is told to. */
class SlowReader extends Writable {
  #take: (() => void) | null = null

  constructor() {
    super({ highWaterMark: 1 })
  }

  take(): void {
    this.#take?.()
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    this.#take = done
  }
}

test('a follower says more only when its reader has taken what was said', async () => {
  const stdout = new SlowReader()
  const output = new Output({ stdout, stderr: stdout }, false)
  const { signal } = new AbortController()
  await output.taken(signal)
  output.datum(1, 'one')
  let isTaken = false
  const taken = output.taken(signal).then(() => {
    isTaken = true
    return isTaken
  })
  await new Promise(setImmediate)
  expect(isTaken).toBe(false)
  stdout.take()
  await taken
  expect(stdout.writableLength).toBe(0)
})

test('who waits for a reader can be told to end', async () => {
  const stdout = new SlowReader()
  const output = new Output({ stdout, stderr: stdout }, false)
  const end = new AbortController()
  output.datum(1, 'one')
  const taken = output.taken(end.signal)
  end.abort('enough')
  await expect(taken).rejects.toBe('enough')
  await expect(output.taken(end.signal)).rejects.toBe('enough')
  expect(stdout.listenerCount('drain')).toBe(0)
})
