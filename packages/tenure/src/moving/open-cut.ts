/** Engines as what is moved out of. */
import type { Cut, Engine } from '@tenure/engine'
import type { EngineUrl } from '../engine-url.ts'
import { openEngine } from '../engine-url.ts'

/** Settings that may lose what is written last are no danger to what is only read. */
export const READ_ONLY_IS_SAFE = true

/** A moment of a store, and what people call the store. */
export interface OpenCut {
  readonly cut: Cut
  readonly name: string
  close(): Promise<void>
}

/**
 * A cut of a store that servers may go on using.
 *
 * @throws EngineError when there is none, or it cannot be read
 */
export async function openCut(url: EngineUrl): Promise<OpenCut> {
  if (url.kind !== 'file') return cutOf(await openEngine(url, READ_ONLY_IS_SAFE))
  const { openFileCut } = await import('@tenure/engine/file')
  const cut = await openFileCut(url.folder)
  return { cut, name: `file ${url.folder}`, close: () => cut.close() }
}

/** A cut of an engine, which is closed with it. */
export async function cutOf(engine: Engine): Promise<OpenCut> {
  try {
    const cut = await engine.cut()
    const close = async (): Promise<void> => {
      await cut.close()
      await engine.close()
    }
    return { cut, name: engine.name, close }
  } catch (error) {
    await engine.close()
    throw error
  }
}
