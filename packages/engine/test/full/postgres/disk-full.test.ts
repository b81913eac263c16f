import { randomBytes } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { WriteSet } from '@tenure/kernel'
import { lacks } from '../../../../../test/needs.ts'
import { hasPostgres, PostgresServer } from '../../../../../test/postgres-server.ts'
import { bytes, OWNER, put, read, text } from '../../../src/conformance/entries.ts'
import { FullError } from '../../../src/errors.ts'
import { openPostgresEngine } from '../../../src/postgres/index.ts'
import { placeIn } from '../../postgres/scratch-schema.ts'

// guards: D4
test('a full disk refuses commits whole, keeps reads, and the same commit is done when there is room', async (context) => {
  if (!hasPostgres()) lacks(context, 'postgres')
  const root = mkdtempSync(join(tmpdir(), 'tenure-small-'))
  const mount = (...options: string[]): boolean =>
    spawnSync('mount', [...options, 'tmpfs', root]).status === 0
  if (!mount('-t', 'tmpfs', '-o', 'size=4m,mode=0777')) {
    rmdirSync(root)
    lacks(context, 'tmpfs')
  }
  try {
    await using server = await PostgresServer.start()
    // The directory has to belong to the server's user.
    spawnSync('chown', ['--reference', server.data, root])
    const place = placeIn(server)
    const engine = await openPostgresEngine(place)
    await server.query(`CREATE TABLESPACE small LOCATION '${root}'`)
    await server.query(`ALTER TABLE ${place.schema}.rows SET TABLESPACE small`)
    const partition = await engine.claim('p', OWNER)
    let written = 0
    await expect(
      (async () => {
        for (; written < 100; written += 1) await partition.commit(large(written))
      })(),
    ).rejects.toThrow(FullError)
    expect(text((await partition.get(bytes('last'))) ?? bytes(''))).toBe(`${written - 1}`)
    await partition.confirm()
    expect((await read(partition)).length).toBe(written + 1)
    mount('-o', 'remount,size=16m')
    await partition.commit(large(written))
    expect(text((await partition.get(bytes('last'))) ?? bytes(''))).toBe(`${written}`)
    await engine.close()
  } finally {
    spawnSync('umount', [root])
    rmdirSync(root)
  }
})

function large(index: number): WriteSet {
  const value = randomBytes(100_000)
  return [{ kind: 'put', key: bytes(`k${index}`), value }, put('last', `${index}`)]
}
