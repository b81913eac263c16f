/**
 * Three hundred deaths of a server at work: at any time, at each crash point, on entering each system call of a commit, while
 * it starts, right after, twice in a row, and while it stops.
 *
 * guards: D1, D2, L3, X1, X2, X3, S3, S6
 */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import {
  atAnyTime,
  atCall,
  atPoint,
  onReturn,
  twice,
  whileStarting,
  whileStopping,
} from '../../crash/deaths.ts'
import type { Death } from '../../crash/deaths.ts'
import { besiege } from '../../crash/siege.ts'
import { lacks } from '../../needs.ts'
import { scaled } from '../../scale.ts'
import { between, drawOf, freshSeed, oneOf } from '../../seed.ts'
import type { Draw } from '../../seed.ts'
import { Victim } from '../../crash/victim.ts'

/** Deaths of one server; its clients stay the same. */
const SIEGE = 45
const SIEGES = scaled(6)
const CALL_SIEGES = scaled(1)
/** Fewer: everything is slow under strace. */
const CALL_SIEGE = 30
/** Transactions between a start and a death. */
const PASSINGS_MAX = 40
/** The node has more entries than this as soon as everybody is at work. */
const ENTRIES = 4
/** The calls by which something gets to the disk: a group of the journal, pages of LMDB, the page that makes them count, syncs. */
const CALLS = ['pwrite64', 'fdatasync']

/** One of each kind, then any. */
function deathsOf(draw: Draw): Death[] {
  const passing = (most: number): number => Math.ceil(between(draw, 0, most))
  const kinds: readonly (() => Death)[] = [
    () => atAnyTime,
    () => atPoint('after-append', passing(PASSINGS_MAX)),
    () => atPoint('after-sync', passing(PASSINGS_MAX)),
    () => atPoint('mid-checkpoint', 1),
    () => atPoint('before-reply', passing(PASSINGS_MAX)),
    () => atPoint('mid-restore', passing(ENTRIES)),
    () => onReturn,
    () => twice,
    () => whileStarting(draw),
    () => whileStopping,
  ]
  return Array.from({ length: SIEGE }, (_, at) => (kinds[at] ?? oneOf(draw, kinds))())
}

test.for(Array.from({ length: SIEGES }, (_, at) => at + 1))(
  'what a server has said outlives all its deaths, siege %i',
  async () => {
    const seed = freshSeed()
    const draw = drawOf(seed)
    await using server = await Victim.start()
    const breaches = await besiege(server, deathsOf(draw), draw)
    expect({ seed, breaches }).toEqual({ seed, breaches: [] })
  },
)

test.for(Array.from({ length: CALL_SIEGES }, (_, at) => at + 1))(
  'a transaction that is cut between two system calls is there as a whole or not at all, siege %i',
  async (_siege, context) => {
    if (spawnSync('strace', ['-V']).status !== 0) lacks(context, 'strace')
    const seed = freshSeed()
    const draw = drawOf(seed)
    const deaths = Array.from({ length: CALL_SIEGE }, () =>
      atCall(oneOf(draw, CALLS), Math.ceil(between(draw, 0, PASSINGS_MAX))),
    )
    await using server = await Victim.start()
    const breaches = await besiege(server, deaths, draw)
    expect({ seed, breaches }).toEqual({ seed, breaches: [] })
  },
)
