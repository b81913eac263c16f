/** What can go wrong with a disk, brought about by strace in the system calls of a server. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface Fault {
  readonly name: string
  /** The system calls that it befalls, with commas. */
  readonly calls: string
  /** What befalls them, from the `first` call of a thread on. */
  readonly inject: (first: number) => string
}

const WRITES = 'pwrite64,pwritev'

/** After these the server cannot know what is on disk: it ends. A write that is cut short is none of them: Node goes on with the rest of it. */
export const fatal: readonly Fault[] = [
  {
    name: 'a sync that fails',
    calls: 'fdatasync',
    inject: (first) => `error=EIO:when=${first}`,
  },
  {
    name: 'syncs that all fail',
    calls: 'fdatasync',
    inject: (first) => `error=EIO:when=${first}+`,
  },
  {
    name: 'a write that fails',
    calls: WRITES,
    inject: (first) => `error=EIO:when=${first}`,
  },
  {
    name: 'writes that all fail',
    calls: WRITES,
    inject: (first) => `error=EIO:when=${first}+`,
  },
  {
    name: 'a write to a file system that has become read-only',
    calls: WRITES,
    inject: (first) => `error=EROFS:when=${first}+`,
  },
]

/** After these the server knows that nothing was written: it goes on. */
export const passing: readonly Fault[] = [
  {
    name: 'a sync for which there is no room',
    calls: 'fdatasync',
    inject: (first) => `error=ENOSPC:when=${first}`,
  },
  {
    name: 'writes that are interrupted',
    calls: WRITES,
    inject: (first) => `error=EINTR:when=${first}..${first + 2}`,
  },
  {
    name: 'a disk that takes half a second for a sync',
    calls: 'fdatasync',
    inject: (first) => `delay_enter=500000:when=${first}..${first + 5}`,
  },
]

/** After these the server goes on, unless it is the meta page that could not be written: then it ends. */
export const doubtful: readonly Fault[] = [
  {
    name: 'writes for which there is no room',
    calls: WRITES,
    inject: (first) => `error=ENOSPC:when=${first}..${first + 9}`,
  },
  {
    name: 'a write over the quota',
    calls: WRITES,
    inject: (first) => `error=EDQUOT:when=${first}`,
  },
]

/** Whether strace can do this here. */
export function canHurt(): boolean {
  return spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0
}

/** The words that stand before the command of a server to hurt it. @param log where strace writes what it saw */
export function hurting(fault: Fault, first: number, log: string): string[] {
  const { calls, inject } = fault
  const seen = `trace=fdatasync,${WRITES}`
  const words = ['strace', '-f', '--seccomp-bpf', '-qq', '-o', log, '-e', seen]
  return [...words, '-e', `inject=${calls}:${inject(first)}`]
}

/** Whether the fault has come. */
export function wasHurt(log: string): boolean {
  return /INJECTED|DELAYED/.test(readFileSync(log, 'utf8'))
}

/** How often the disk was synced again after a sync had failed. */
export function syncsAfterFailure(log: string): number {
  const syncs = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes('fdatasync('))
  const failed = syncs.findIndex((line) => line.includes('(INJECTED)'))
  return failed < 0 ? 0 : syncs.length - failed - 1
}
