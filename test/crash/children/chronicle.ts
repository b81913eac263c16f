/** What a process of the siege tells of its tasks: one line an event, with the moment on the clock that all processes of a machine share. */

/** A small letter is said before a call, the capital one when it was answered. */
export function tell(event: string, ...words: readonly (string | number)[]): void {
  // A pipe is written at once: what was said is heard, whatever happens to this process next.
  process.stdout.write(`${[event, process.hrtime.bigint(), ...words].join(' ')}\n`)
}
