/** Who does what in a run. */
import type { Random } from '../random.ts'
import type { Matter, Settings } from '../settings.ts'
import { breaker } from './breaker.ts'
import { candidate } from './candidate.ts'
import { caretaker } from './caretaker.ts'
import { clerk } from './clerk.ts'
import { editor } from './editor.ts'
import { guard } from './guard.ts'
import { handler } from './handler.ts'
import { locker } from './locker.ts'
import { lookout } from './lookout.ts'
import { meddler } from './meddler.ts'
import { member } from './member.ts'
import { operator } from './operator.ts'
import { originator } from './originator.ts'
import { pair } from './pair.ts'
import type { Program } from './program.ts'
import { publisher } from './publisher.ts'
import { scribe } from './scribe.ts'
import { sleeper } from './sleeper.ts'
import { taker } from './taker.ts'
import { tenant } from './tenant.ts'
import { ranger, twins } from './twins.ts'
import { waiter } from './waiter.ts'
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
  'gate',
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

const RECORD_ROLES: readonly (() => Program)[] = [
  () => clerk('record/a'),
  () => clerk('record/a'),
  () => clerk('record/b'),
  () => tenant(true),
  () => tenant(true),
  () => tenant(false),
  () => twins(),
  () => twins(),
  () => ranger(),
  () => waiter('record/a'),
  () => waiter('record/b'),
  () => lookout('record/'),
  () => lookout(''),
  () => guard(),
  () => guard(),
  () => operator('records'),
]

const LOG_ROLES: readonly (() => Program)[] = [
  () => originator('first'),
  () => originator('second'),
  () => originator('third'),
  () => handler('first'),
  () => handler('second'),
  () => handler('third'),
  () => caretaker(),
  () => meddler(),
  () => sleeper(),
  () => operator('log'),
]

const QUIET_ROLES: readonly (() => Program)[] = [() => locker(LOCK)]

const ROLES_OF: Readonly<Record<Matter, readonly (() => Program)[]>> = {
  semaphores: ROLES,
  records: RECORD_ROLES,
  both: [...ROLES, ...RECORD_ROLES],
  log: LOG_ROLES,
}

const PROGRAMS_MAX = 4

/** The programs of each client. */
export function cast(
  random: Random,
  { clients, isQuiet, matter }: Settings,
): readonly (readonly Program[])[] {
  const roles = isQuiet ? QUIET_ROLES : ROLES_OF[matter]
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
