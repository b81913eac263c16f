/** Who does what in a run. */
import type { Random } from '../random.ts'
import type { Settings } from '../settings.ts'
import { breaker } from './breaker.ts'
import { candidate } from './candidate.ts'
import { editor } from './editor.ts'
import { locker } from './locker.ts'
import { member } from './member.ts'
import { pair } from './pair.ts'
import type { Program } from './program.ts'
import { publisher } from './publisher.ts'
import { scribe } from './scribe.ts'
import { taker } from './taker.ts'
import { watchedConfig, watchedElection, watchedRegistry } from './watched.ts'
import { watcher } from './watcher.ts'

/** A lock takes all there can be. */
const LOCK = { name: 'lock', limit: 2n ** 64n - 1n }
const OFFICE = { name: 'office', limit: 1n }
const POOL = { name: 'pool', limit: 3n }

/** Everything that anybody in a run takes, writes or watches. */
export const NAMES: readonly string[] = [
  'lock',
  'office',
  'pool',
  'register',
  'config',
  'registry',
  'victim',
  'ledger',
]

const ROLES: readonly (() => Program)[] = [
  () => locker(LOCK),
  () => locker(LOCK),
  () => pair(LOCK),
  () => taker(POOL),
  () => taker(POOL),
  () => breaker('victim'),
  () => breaker('victim'),
  () => editor('register'),
  () => editor('register'),
  () => publisher('config'),
  () => scribe('ledger'),
  () => watcher(watchedConfig('config')),
  () => member('registry'),
  () => watcher(watchedRegistry('registry')),
  () => candidate(OFFICE),
  () => watcher(watchedElection('office')),
]

const QUIET_ROLES: readonly (() => Program)[] = [() => locker(LOCK)]

const PROGRAMS_MAX = 4

/** The programs of each client. */
export function cast(
  random: Random,
  { clients, isQuiet }: Settings,
): readonly (readonly Program[])[] {
  const roles = isQuiet ? QUIET_ROLES : ROLES
  return Array.from({ length: clients }, () => {
    const count = isQuiet ? 1 : random.whole(1, PROGRAMS_MAX)
    const programs = new Map<string, Program>()
    while (programs.size < count) {
      const program = random.pick(roles)()
      programs.set(program.name, program)
    }
    return [...programs.values()]
  })
}
