/** How much waits in one tablet, and whether one more command may. */
import type { TabletLimits } from './limits.ts'
import type { OpenStream } from './open-stream.ts'
import type { StreamCommand } from './stream.ts'

/** What frees is taken however much waits: refusing it would make the load last. */
const FREEING: ReadonlySet<string> = new Set<StreamCommand['kind']>([
  'release',
  'stop',
  'forget',
  'release-lease',
  'delete-task',
  'store-task',
  'stop-handling',
])

export class Admission {
  readonly #limits: TabletLimits
  /** Commands that wait for their commit. */
  commands = 0
  /** Of their writes, and of what is to be said when these are durable. */
  bytes = 0

  constructor(limits: TabletLimits) {
    this.#limits = limits
  }

  admits(stream: OpenStream, asked: StreamCommand): boolean {
    const { commandsMax, streamCommandsMax, bytesMax } = this.#limits
    if (
      this.commands < commandsMax &&
      stream.waitingCommands < streamCommandsMax &&
      this.bytes < bytesMax
    ) {
      return true
    }
    // A session that comes back must not expire for the load that others make.
    if (asked.kind === 'attach') return asked.session !== 0n
    return FREEING.has(asked.kind)
  }
}
