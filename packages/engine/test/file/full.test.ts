import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lacks } from '../../../../test/needs.ts'
import { start } from './children/index.ts'

// guards: D4
const threads = [
  { where: 'on the calling thread', blockingMaxMs: '4' },
  { where: 'on the other thread', blockingMaxMs: '0' },
]

test.for(threads)(
  'a full disk refuses writes, keeps reads, and takes writes again once there is room ($where)',
  async ({ blockingMaxMs }, context) => {
    const root = mkdtempSync(join(tmpdir(), 'tenure-full-'))
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', root]).status === 0
    if (!mounted) {
      rmdirSync(root)
      lacks(context, 'tmpfs')
    }
    try {
      const filler = start('filler', root, blockingMaxMs)
      expect((await filler.lines.next()).value).toBe(
        'FullError, FullError, first 50000, refused undefined, written, whole',
      )
      await filler.ended
    } finally {
      spawnSync('umount', [root])
      rmdirSync(root)
    }
  },
)
