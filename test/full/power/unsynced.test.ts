/**
 * The other side of the tests of power loss: a server whose syncs do nothing must fail them. If it does not, they see nothing.
 *
 * guards: D1, D3
 */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { lacks } from '../../needs.ts'
import { drawOf, freshSeed } from '../../seed.ts'
import { BuiltServer } from '../../built-server.ts'
import { EXT4, EXT4_WRITEBACK, Image, XFS } from './image.ts'
import { Knowledge } from './knowledge.ts'
import { losePower, storeOn } from './power-loss.ts'
import { Work } from './work.ts'

const LOSSES_MAX = 20
const SYNCS = 'fsync,fdatasync,msync'
/** Every sync is answered at once, and not done. */
const UNSYNCED =
  `strace -f --seccomp-bpf -qq -o /dev/null -e trace=${SYNCS} -e inject=${SYNCS}:retval=0`.split(
    ' ',
  )

test.for([EXT4, EXT4_WRITEBACK, XFS])(
  'a server on $name that does not sync is found out',
  async (kind, context) => {
    const seed = freshSeed()
    const draw = drawOf(seed)
    if (spawnSync('strace', ['-V'], { stdio: 'ignore' }).status !== 0) lacks(context, 'strace')
    using image = Image.make(kind) ?? lacks(context, kind === XFS ? 'xfs' : 'loop')
    await using server = await BuiltServer.start(storeOn(image), { under: UNSYNCED })
    const knowledge = new Knowledge()
    await using work = new Work(server.address, knowledge)
    for (let loss = 0; loss < LOSSES_MAX; loss += 1) {
      await work.goesOn(knowledge, 1 + Math.floor(draw() * 100))
      const forgotten = await losePower(server, image, knowledge)
      if (forgotten.length > 0) return
    }
    expect.fail(`${LOSSES_MAX} power losses did no harm without a sync, seed ${seed}`)
  },
)
