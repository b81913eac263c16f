import { expect, test } from 'vitest'
import { profileTable } from '../../src/report/profile-table.ts'
import { sharesOf } from '../../src/report/where-time-goes.ts'

const HOME = 'file:///anywhere/tenure'

/** One look of 100 microseconds at each. */
function profileOf(...frames: (readonly [functionName: string, url: string])[]) {
  return {
    nodes: frames.map(([functionName, url], id) => ({ id, callFrame: { functionName, url } })),
    samples: frames.map((_, id) => id),
    timeDeltas: frames.map(() => 100),
  }
}

test('time counts for the room whose code ran, and otherwise for what it was spent on', () => {
  const { busy, parts } = sharesOf(
    profileOf(
      ['(idle)', ''],
      ['(idle)', ''],
      ['(garbage collector)', ''],
      ['(program)', ''],
      ['fdatasync', ''],
      ['apply', `${HOME}/packages/kernel/dist/kernel.js`],
      ['find', `${HOME}/packages/kernel/dist/session.js`],
      ['main', `${HOME}/packages/tenure/dist/main.js`],
      ['set', `${HOME}/node_modules/sorted-btree/b+tree.js`],
      ['emit', 'node:events'],
      ['pairs', `${HOME}/bench/dist/workloads/pairs.js`],
    ),
  )
  expect(busy).toBeCloseTo(9 / 11)
  expect(parts.get('kernel')).toBeCloseTo(2 / 9)
  for (const place of [
    'garbage',
    'system',
    'disk',
    'command',
    'libraries',
    'node',
    'load',
  ] as const) {
    expect(parts.get(place)).toBeCloseTo(1 / 9)
  }
  expect(parts.get('client')).toBe(0)
})

test('a look counts for as long as it lasted', () => {
  const profile = profileOf(['emit', 'node:events'], ['(program)', ''])
  const { parts } = sharesOf({ ...profile, timeDeltas: [300, 100] })
  expect(parts.get('node')).toBe(0.75)
})

test('the table leaves places out where nothing is spent', () => {
  const shares = sharesOf(profileOf(['(idle)', ''], ['emit', 'node:events']))
  const one = {
    workload: 'pairs',
    size: 16,
    subject: 'a server',
    process: 'server',
    shares,
  } as const
  expect(profileTable([one])).toEqual({
    head: ['', 'process', 'busy', 'node'],
    rows: [['a server', 'server', '50 %', '100 %']],
  })
})
