/** Bugs of the client library's way with the session log. */
import type { Mutant } from './mutant.ts'

const DRIVE = 'packages/client/src/pipe/drive.ts'
const HAND_OUT = 'packages/client/src/pipe/hand-out.ts'
const HANDLING = 'packages/client/src/pipe/handling.ts'
const PIPE_SESSION = 'packages/client/src/pipe/pipe-session.ts'

export const PIPE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a task is believed in although its attachment is broken',
    breaks: 'J3',
    file: PIPE_SESSION,
    original: 'detached: () => this.#depart(`the connection to ${ground.link.address} was lost`),',
    planted: 'detached: nothing,',
  },
  {
    name: 'a task is believed in however long nothing is heard',
    breaks: 'J3',
    file: PIPE_SESSION,
    original: 'this.#stay?.hold(untilMs - marginMsOf(spanMs))',
    planted: 'this.#stay?.hold(untilMs + marginMsOf(spanMs) * 1_000)',
  },
  {
    name: 'the signal of a task that is lost does not abort',
    breaks: 'J3',
    file: DRIVE,
    original: '    this.#controller?.abort(reason())\n',
    planted: "    if (phase === 'closed') this.#controller?.abort(reason())\n",
  },
  {
    name: 'a record is said to be written before it is',
    breaks: 'J1',
    file: DRIVE,
    original: 'await untilAbort(this.#write(kind, record), signal)',
    planted: 'this.#write(kind, record).catch(nothing)',
  },
  {
    name: 'a task is said to be stored before it is',
    breaks: 'J1',
    file: DRIVE,
    original: '    await untilAbort(ended, signal)\n',
    planted: "    if (ending.kind === 'delete-task') await untilAbort(ended, signal)\n",
  },
  {
    name: 'a task whose handler has failed is deleted',
    breaks: 'J2',
    file: HAND_OUT,
    original: '    failure = failureTextOf(error)\n',
    planted: '    failure = null\n',
  },
  {
    name: 'only the first page of records is read',
    breaks: 'J5',
    file: HAND_OUT,
    original: 'for (let { more } = handed; more;) {',
    planted: 'for (let { more } = handed; more; more = false) {',
  },
  {
    name: 'a task that may have been opened is opened again',
    breaks: 'J5',
    file: PIPE_SESSION,
    original: 'if (error instanceof Lost && !error.isSent) {',
    planted: 'if (error instanceof Lost) {',
  },
  {
    name: 'the places of lost tasks are given away',
    breaks: 'J4',
    file: HANDLING,
    original: 'this.#terms.concurrency - this.#running',
    planted: 'this.#terms.concurrency - this.#running * 0',
  },
  {
    name: 'a worker that is closed does not wait for its tasks',
    breaks: 'J3',
    file: HANDLING,
    original: '    if (this.#running > 0) {\n',
    planted: '    if (this.#running < 0) {\n',
  },
]
