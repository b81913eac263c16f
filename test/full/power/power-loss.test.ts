/**
 * Power loss: only what the file system has written outlives it, and all that anybody was told is among that.
 *
 * The data lie on a file system in a file. The server is stopped at a random moment, the file is copied, and a server is started
 * on the copy: it must know all that clients knew when the first one stood still.
 *
 * guards: D1, D3, L3, X2, S3, S6
 */
import { expect, test } from 'vitest'
import { lacks } from '../../needs.ts'
import { scaled } from '../../scale.ts'
import { drawOf, freshSeed } from '../../seed.ts'
import { BuiltServer } from '../../built-server.ts'
import { EXT4, EXT4_WRITEBACK, Image, XFS } from './image.ts'
import { Knowledge } from './knowledge.ts'
import { losePower, storeOn } from './power-loss.ts'
import { Work } from './work.ts'

const places = [
  { kind: EXT4, need: 'loop', losses: scaled(50) },
  { kind: EXT4_WRITEBACK, need: 'loop', losses: scaled(10) },
  { kind: XFS, need: 'xfs', losses: scaled(10) },
]

test.for(places)(
  'after each of $losses power losses on $kind.name all that was acknowledged is there',
  async ({ kind, need, losses }, context) => {
    const seed = freshSeed()
    const draw = drawOf(seed)
    using image = Image.make(kind) ?? lacks(context, need)
    await using server = await BuiltServer.start(storeOn(image))
    const knowledge = new Knowledge()
    await using work = new Work(server.address, knowledge)
    for (let loss = 0; loss < losses; loss += 1) {
      await work.goesOn(knowledge, 1 + Math.floor(draw() * 100))
      const forgotten = await losePower(server, image, knowledge)
      expect({ seed, loss, forgotten }).toEqual({ seed, loss, forgotten: [] })
    }
  },
)
