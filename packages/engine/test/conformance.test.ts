import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, test } from 'vitest'
import { conformance } from '../src/conformance/index.ts'
import type { Engine } from '../src/engine.ts'
import { openFileEngine } from '../src/file/index.ts'
import { openMemoryEngine } from '../src/memory/index.ts'

const root = mkdtempSync(join(tmpdir(), 'tenure-engine-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const directories = new WeakMap<Engine, string>()

// guards: L4, D1, D2, X6
conformance({ name: 'memory', open: async () => openMemoryEngine(), reopen: null }, { test })

for (const { name, options } of [
  { name: 'file', options: {} },
  { name: 'file, off the calling thread', options: { blockingMaxMs: 0 } },
]) {
  conformance(
    {
      name,
      open: async () => {
        const directory = mkdtempSync(join(root, 'store-'))
        const engine = await openFileEngine(directory, options)
        directories.set(engine, directory)
        return engine
      },
      reopen: (engine) => openFileEngine(directories.get(engine)!, options),
    },
    { test },
  )
}
