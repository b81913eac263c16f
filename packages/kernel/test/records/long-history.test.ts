/**
 * A history of many commits: whoever comes back from far behind hears what a look at every commit would find.
 *
 * guards: W1
 */
import { expect, test } from 'vitest'
import { drawOf, freshSeed } from '../../../../test/seed.ts'
import { Desk, put, remove } from './desk.ts'
import { forget, heard, watch } from './watching.ts'

const COMMITS = 12_000
const REMEMBERED = 3_000
const KEYS = 40
const LOOKS = 400

interface Told {
  readonly key: string
  readonly version: number
  readonly text: string
}

function keyAt(at: number): string {
  return String.fromCharCode(97 + Math.floor(at / 10)) + (at % 10)
}

test('what a watch has missed is found in any range, however far behind it is', () => {
  const seed = freshSeed()
  const draw = drawOf(seed)
  const below = (count: number): number => Math.floor(draw() * count)
  const desk = new Desk({ historyChangesMax: REMEMBERED })
  const told: Told[] = []
  const present = new Set<string>()
  const look = (): void => {
    const version = told.length
    const from = version - below(Math.min(version, REMEMBERED) + 1)
    const [one, other] = [below(KEYS), below(KEYS)].toSorted((a, b) => a - b)
    const [start, end] = [keyAt(one ?? 0), draw() < 0.2 ? null : keyAt((other ?? 0) + 1)]
    const missed = told.slice(from).filter(({ key }) => key >= start && (end === null || key < end))
    const answers = heard(desk, watch(start, end, BigInt(from)))
    desk.tell(forget(desk.asked))
    const page = missed.slice(0, 1_000).map(({ text }) => text)
    const upTo = missed.length > 1_000 ? (missed[1_000]?.version ?? 0) - 1 : version
    const expected = missed.length === 0 ? [] : [[1, 'changed', page, upTo]]
    expect({ seed, from, start, end, answers }).toEqual({
      seed,
      from,
      start,
      end,
      answers: expected,
    })
  }
  for (let version = 1; version <= COMMITS; version++) {
    // Most keys are hardly ever written.
    const key = keyAt(Math.floor(KEYS * draw() ** 4))
    const isRemoval = present.has(key) && draw() < 0.3
    desk.tell(isRemoval ? remove(key) : put(key, ''))
    if (isRemoval) present.delete(key)
    else present.add(key)
    told.push({ key, version, text: `${isRemoval ? '-' : ''}${key}=${version}` })
    if (draw() < LOOKS / COMMITS) look()
  }
  look()
})
