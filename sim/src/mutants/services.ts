/** Bugs of the services: what a server makes of its streams. */
import type { Mutant } from './mutant.ts'

const HEARTBEAT = 'packages/server/src/services/heartbeat.ts'
const SESSION_STREAM = 'packages/server/src/services/session-stream.ts'

export const SERVICE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a client that answers no ping is not noticed',
    breaks: 'S2',
    file: HEARTBEAT,
    original: '    else this.#options.silent()',
    planted: '    else this.#wait()',
  },
  {
    name: 'a stream that ends leaves its session attached',
    breaks: 'S2',
    file: SESSION_STREAM,
    original: '    this.#tablet?.close()\n',
    planted: '',
  },
  {
    name: 'a server that stops ends its sessions',
    breaks: 'S7',
    file: SESSION_STREAM,
    original: 'else this.#fail(STATUS.UNAVAILABLE, UNAVAILABLE_TEXT)\n  }\n\n  /** The message for',
    planted: 'else this.#fail(STATUS.BAD_SESSION, UNAVAILABLE_TEXT)\n  }\n\n  /** The message for',
  },
  {
    name: 'a stop is answered and not done',
    breaks: 'S2',
    file: 'packages/kernel/src/kernel.ts',
    original: '        this.#end(session)\n        this.#root.turn.say',
    planted: '        this.#root.turn.say',
  },
]
