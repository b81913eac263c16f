/** The embedded engine: one directory on this machine's disk, safe after a crash and after power loss. */
export { openFileEngine } from './file-engine.ts'
export type { FileEngine, FileEngineOptions } from './file-engine.ts'
export { assertFileStore, openFileCut } from './open-cut.ts'
