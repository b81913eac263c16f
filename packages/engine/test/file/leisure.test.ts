import { expect, test } from 'vitest'
import { Leisure } from '../../src/file/leisure.ts'

/** An event loop of which others use a share of the time that is not worked. */
class FakeLoop {
  readonly pauses: number[] = []
  othersShare = 0
  #idle = 0
  #active = 0

  utilization(): { idle: number; active: number; utilization: number } {
    return { idle: this.#idle, active: this.#active, utilization: 0 }
  }

  work(ms: number): void {
    this.#active += ms
  }

  delay(ms: number): Promise<void> {
    this.pauses.push(ms)
    this.#active += ms * this.othersShare
    this.#idle += ms * (1 - this.othersShare)
    return Promise.resolve()
  }

  nextTurn(): Promise<void> {
    return this.delay(0.1)
  }
}

async function pausesOf(othersShare: number, workedMs = 2): Promise<readonly number[]> {
  const loop = new FakeLoop()
  loop.othersShare = othersShare
  const leisure = new Leisure(loop)
  for (let turn = 0; turn < 100; turn++) {
    loop.work(workedMs)
    await leisure.turn(workedMs)
  }
  return loop.pauses
}

test('work goes on in the next turn while the event loop has nothing else to do', async () => {
  expect(await pausesOf(0)).toEqual(Array.from({ length: 100 }, () => 0.1))
})

test('work takes a twentieth of the time while others want all of it, and is not given up', async () => {
  const pauses = await pausesOf(1)
  expect(pauses.at(-1)).toBeCloseTo(40, 2)
  expect(Math.max(...pauses)).toBeLessThanOrEqual(40)
})

test('work takes more of the time while others want half of it', async () => {
  expect((await pausesOf(0.5)).at(-1)).toBeCloseTo(20, 2)
})

test('no pause is so long that an end of the work would be waited for', async () => {
  expect(Math.max(...(await pausesOf(1, 50)))).toBe(100)
})
