/**
 * A new store is there after a power loss, and not only its data: the names of its directories are synced too.
 *
 * guards: D1, D3
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lacks } from '../../needs.ts'
import { BuiltServer } from '../../built-server.ts'
import { canHurt } from './faults.ts'

test('before a new store is served every directory that was made for it is synced into its parent', async (context) => {
  if (!canHurt()) lacks(context, 'strace')
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'tenure-new-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const log = join(root, 'log')
  const under = ['strace', '-f', '-y', '--seccomp-bpf', '-qq', '-o', log, '-e', 'trace=fsync']
  await using server = await BuiltServer.start(join(root, 'a', 'b', 'store'), { under })
  const synced = readFileSync(log, 'utf8').matchAll(/fsync\(\d+<(?<path>[^>]+)>\) += 0/g)
  const paths = new Set([...synced].map((match) => match.groups?.['path']))
  for (const path of [root, 'a', 'a/b', 'a/b/store']) {
    expect(paths).toContain(path === root ? root : join(root, path))
  }
  await server.end('SIGTERM')
})
