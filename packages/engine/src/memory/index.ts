/** The engine that keeps nothing: for tests, simulation and programs that coordinate within one process. */
export { openMemoryEngine } from './memory-engine.ts'
