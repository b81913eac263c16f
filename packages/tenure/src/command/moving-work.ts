/** What `tenure backup`, `restore` and `migrate` do. */
import { once } from 'node:events'
import type { Engine } from '@tenure/engine'
import type { BackupHead, Moved, Source } from '@tenure/server'
import {
  assertUnused,
  BackupReader,
  checkBackup,
  restore,
  sourceOfCut,
  writeBackup,
} from '@tenure/server'
import type { EngineUrl } from '../engine-url.ts'
import { openEngine, parseEngine } from '../engine-url.ts'
import { assertFree, BackupFile, readBackupFile } from '../moving/backup-file.ts'
import { cutOf, openCut, READ_ONLY_IS_SAFE } from '../moving/open-cut.ts'
import type { OpenCut } from '../moving/open-cut.ts'
import { ownVersion } from '../version.ts'
import type { CommandContext } from './context.ts'
import { EXIT_DONE } from './exit-code.ts'
import { UsageError } from './failure.ts'
import type { JsonValue } from './output.ts'
import { inMovingWords } from './moving-failure.ts'
import { MovingProgress, movedText } from './moving-progress.ts'
import type { BackupOptions, MigrateOptions, RestoreOptions } from './moving-options.ts'

const STANDARD = '-'

export function backup(
  context: CommandContext,
  { from, replace = false }: BackupOptions,
  [path = '']: readonly string[],
): Promise<number> {
  const url = placeOf(from)
  const { stdout } = context.world
  if (path === STANDARD && 'isTTY' in stdout && stdout.isTTY === true) {
    throw new UsageError('a backup is nothing for a terminal: name a file, or pipe it somewhere')
  }
  return inMovingWords(context, async () => {
    const opened = await openCut(url)
    try {
      const told =
        path === STANDARD
          ? await writeAll(context, opened, (bytes) => writeOut(context, bytes))
          : await writeFile(context, opened, { path, replace })
      if (path === STANDARD) context.output.talk(told.text)
      else context.output.datum({ file: path, ...told.fields }, told.text)
      return EXIT_DONE
    } finally {
      await opened.close()
    }
  })
}

export function restoreBackup(
  context: CommandContext,
  { to, check = false, allowUnsafeEngine = false }: RestoreOptions,
  [path = '']: readonly string[],
): Promise<number> {
  if (check === (to !== undefined)) {
    throw new UsageError('say where to with --to, or only have the backup checked with --check')
  }
  const url = to === undefined ? null : placeOf(to)
  return inMovingWords(context, async () => {
    const read = (): AsyncIterable<Uint8Array> =>
      path === STANDARD ? piecesOf(context) : readBackupFile(path)
    if (url === null) return tellChecked(context, await checkBackup(read(), path))
    if (path !== STANDARD) await checkBackup(read(), path)
    return within(await openEngine(url, allowUnsafeEngine), async (engine) => {
      const source = await BackupReader.open(read(), path)
      const moved = await put(context, source, engine)
      const text = `restored ${movedText(moved)} of ${source.head.created} into ${engine.name}`
      context.output.datum(
        { ...fieldsOf(moved), to: engine.name, ...headFields(source.head) },
        text,
      )
      return EXIT_DONE
    })
  })
}

export function migrate(
  context: CommandContext,
  { from, to, allowUnsafeEngine = false }: MigrateOptions,
): Promise<number> {
  const [fromUrl, toUrl] = [placeOf(from), placeOf(to)]
  return inMovingWords(context, async () => {
    const old = await openOld(fromUrl)
    return within(old, async () => {
      await assertUnused(old)
      return within(await openEngine(toUrl, allowUnsafeEngine), async (engine) => {
        const { cut, name } = await cutOf(old)
        const moved = await put(context, await sourceOfCut(cut, name), engine)
        const text = `moved ${movedText(moved)} from ${name} to ${engine.name}; start no server on ${name} any more`
        context.output.datum({ ...fieldsOf(moved), from: name, to: engine.name }, text)
        return EXIT_DONE
      })
    })
  })
}

/** What is moved out for good: nothing is made where nothing is. */
async function openOld(url: EngineUrl): Promise<Engine> {
  if (url.kind === 'file') {
    const { assertFileStore } = await import('@tenure/engine/file')
    assertFileStore(url.folder)
  }
  return openEngine(url, READ_ONLY_IS_SAFE)
}

function placeOf(address: string): EngineUrl {
  const url = parseEngine(address)
  if (url.kind !== 'memory') return url
  throw new UsageError(
    'what is in memory is in one process, and gone with it: nothing else can move it',
  )
}

async function within<Result>(
  engine: Engine,
  work: (engine: Engine) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

async function put(context: CommandContext, source: Source, engine: Engine): Promise<Moved> {
  const progress = new MovingProgress(context)
  const { signal } = context
  const moved = await restore(source, engine, { signal, progress: (sofar) => progress.tell(sofar) })
  warnOfNothing(context, moved)
  return moved
}

interface Told {
  readonly fields: { readonly [field: string]: JsonValue }
  readonly text: string
}

async function writeAll(
  context: CommandContext,
  { cut, name }: OpenCut,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<Told> {
  const progress = new MovingProgress(context)
  const about = { created: new Date().toISOString(), by: ownVersion(), from: name }
  const moved = await writeBackup(await sourceOfCut(cut, name), {
    about,
    write,
    progress: (sofar) => progress.tell(sofar),
    signal: context.signal,
  })
  warnOfNothing(context, moved)
  const fields = { ...fieldsOf(moved), from: name, created: about.created }
  return { fields, text: `backed up ${movedText(moved)} of ${name}, as of ${about.created}` }
}

async function writeFile(
  context: CommandContext,
  opened: OpenCut,
  { path, replace }: { readonly path: string; readonly replace: boolean },
): Promise<Told> {
  if (!replace) assertFree(path)
  const file = await BackupFile.begin(path)
  try {
    const told = await writeAll(context, opened, (bytes) => file.write(bytes))
    await file.keep(replace)
    return told
  } catch (error) {
    await file.discard()
    throw error
  }
}

async function writeOut({ world, signal }: CommandContext, bytes: Uint8Array): Promise<void> {
  if (!world.stdout.write(bytes)) await once(world.stdout, 'drain', { signal })
}

async function* piecesOf({ world, signal }: CommandContext): AsyncIterable<Uint8Array> {
  for await (const chunk of world.stdin as AsyncIterable<Buffer | string>) {
    signal.throwIfAborted()
    yield Buffer.from(chunk)
  }
}

function tellChecked(
  { output }: CommandContext,
  { head, moved }: { readonly head: BackupHead; readonly moved: Moved },
): number {
  const text = `whole: ${movedText(moved)} of ${head.from}, as of ${head.created}, written by release ${head.by}`
  output.datum({ ...fieldsOf(moved), ...headFields(head) }, text)
  return EXIT_DONE
}

function fieldsOf({ nodes, entries, bytes }: Moved): Told['fields'] {
  return { nodes, entries, bytes }
}

function headFields({ from, created, by }: BackupHead): Told['fields'] {
  return { from, created, by }
}

function warnOfNothing({ output }: CommandContext, { nodes }: Moved): void {
  if (nodes === 0) output.talk('there was no node; is that the right place?')
}
