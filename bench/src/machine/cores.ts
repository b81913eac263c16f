/**
 * Which processor core runs what: a server and its load get one each, so that neither steals from the other.
 */
import { availableParallelism } from 'node:os'
import { find } from './program.ts'

export type Core = 'server' | 'client' | 'all'

const CORE_NUMBER = { server: 0, client: 1 } as const

/** Whether processes can be bound to cores here. */
export function canPin(): boolean {
  return availableParallelism() > 1 && find('taskset') !== null
}

/** @returns the command line that runs `command` on that core, in the same process */
export function pinned(core: Core, command: readonly string[]): string[] {
  if (core === 'all' || !canPin()) return [...command]
  return ['taskset', '-c', String(CORE_NUMBER[core]), ...command]
}
