/**
 * Ends a process group when this process is gone, however it went.
 *
 * A shell waits at the far end of a pipe. The kernel closes our end when we die, even by `kill -9`; the shell then ends
 * the group. It lives in a session of its own, so that a signal to ours does not reach it.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'

/** First line: the group. Second line: all is well, go. End of input instead of it: we have died. */
const SCRIPT = `
trap '' INT TERM HUP QUIT
read -r group || exit 0
read -r farewell && exit 0
kill -s TERM -- "-$group" 2>/dev/null || exit 0
sleep "$1"
kill -s KILL -- "-$group" 2>/dev/null
exit 0`

export class Guard {
  readonly #shell: ChildProcess

  /** @param graceMs from TERM to KILL */
  constructor(graceMs: number) {
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'tenure-guard', (graceMs / 1000).toFixed(3)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    // A guard that cannot be told goodbye is gone already; nothing is left to do about it.
    this.#shell.stdin?.on('error', () => {})
    this.#shell.on('error', () => {})
    this.#shell.unref()
  }

  /** The group to end. What was written stays readable for the guard, whatever becomes of us. */
  watch(group: number): void {
    this.#shell.stdin?.write(`${group}\n`)
  }

  /** The group has ended or is to live on without us. */
  dismiss(): void {
    this.#shell.stdin?.end('farewell\n')
  }
}
