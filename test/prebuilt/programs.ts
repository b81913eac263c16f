/**
 * Puts the programs that the commit tier starts together out of their many modules: a process begins in half the time so, and the commit
 * tier begins hundreds. The full tier does not do this: there each is started as users have it.
 */
import { copyFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { PREBUILT } from './words.ts'

const ROOT = join(import.meta.dirname, '../..')
const COMMAND = 'packages/tenure/dist'
/** Each program of these folders. */
const FOLDERS = [
  'examples/dist/order',
  'packages/engine/test/file/children',
  'packages/tenure/test/shared/children',
  'test/crash/children',
  'test/pause/children',
]
/** Code that is not ours to put together: it has native parts, or threads of its own. */
const EXTERNAL = ['lmdb', 'pg', 'pino']
/** What was made for CommonJS asks for modules of Node by this name. */
const REQUIRE =
  "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);"

/** @returns what removes them */
export async function setup(): Promise<() => void> {
  const folder = join(ROOT, 'node_modules/.cache', `tenure-prebuilt-${process.pid}`)
  await build({
    absWorkingDir: ROOT,
    entryPoints: [
      `${COMMAND}/main.js`,
      'sim/src/command/chunk-process.ts',
      ...examples(),
      ...children(),
    ],
    outdir: folder,
    outbase: ROOT,
    // The command reads its version beside the folder that it is in.
    chunkNames: `${COMMAND}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: EXTERNAL,
    banner: { js: REQUIRE },
  })
  copyFileSync(
    join(ROOT, 'packages/tenure/package.json'),
    join(folder, 'packages/tenure/package.json'),
  )
  process.env[PREBUILT] = folder
  return () => rmSync(folder, { recursive: true, force: true })
}

function examples(): readonly string[] {
  return readdirSync(join(ROOT, 'examples/dist'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'test')
    .map(({ name }) => `examples/dist/${name}/main.js`)
}

function children(): readonly string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => /\.(js|mjs|ts)$/.test(name) && !/\.d\.ts$|^index\.ts$/.test(name))
      .map((name) => `${folder}/${name}`),
  )
}
