/**
 * The signals that other processes send to the command, and who gets them.
 *
 * Until a child runs they end the command: `signal` aborts, so that what was begun is given back before the exit.
 * While a child runs they are the child's: whoever called `divert` gets each of them instead.
 */

/** What a process can catch, and people or supervisors send. */
export type ForwardedSignal =
  | 'SIGINT'
  | 'SIGTERM'
  | 'SIGHUP'
  | 'SIGQUIT'
  | 'SIGUSR1'
  | 'SIGUSR2'
  | 'SIGWINCH'

const FORWARDED: readonly ForwardedSignal[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
]

/** What the terminal sends for Ctrl-Z. */
const SUSPEND = 'SIGTSTP'

/** Where signals come from: `process`, or an EventEmitter in a test. */
export interface SignalSource {
  on(event: ForwardedSignal, listener: (signal: ForwardedSignal) => void): unknown
  on(event: typeof SUSPEND, listener: () => void): unknown
  off(event: ForwardedSignal, listener: (signal: ForwardedSignal) => void): unknown
  off(event: typeof SUSPEND, listener: () => void): unknown
}

/** The command was told to end by a signal. */
export class InterruptedError extends Error {
  override name = 'InterruptedError'
  readonly signalName: ForwardedSignal

  constructor(signalName: ForwardedSignal) {
    super(`ended by ${signalName}`)
    this.signalName = signalName
  }
}

export class Interrupts {
  readonly #source: SignalSource
  readonly #abort = new AbortController()
  readonly #receivers = new Set<(signal: ForwardedSignal) => void>()

  constructor(source: SignalSource) {
    this.#source = source
    for (const name of FORWARDED) source.on(name, this.#receive)
  }

  /** Aborts, with an InterruptedError, at the first signal that nobody else has taken. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /**
   * Sends every further signal to `receiver`, until the returned function is called. Ctrl-Z is without effect meanwhile: it
   * would stop only this process, and a command whose lock has passed on would go on unwatched.
   */
  divert(receiver: (signal: ForwardedSignal) => void): () => void {
    if (this.#receivers.size === 0) this.#source.on(SUSPEND, this.#stay)
    this.#receivers.add(receiver)
    return () => {
      this.#receivers.delete(receiver)
      if (this.#receivers.size === 0) this.#source.off(SUSPEND, this.#stay)
    }
  }

  /** Gives the signals back to the system's own treatment. */
  close(): void {
    for (const name of FORWARDED) this.#source.off(name, this.#receive)
  }

  readonly #stay = (): void => {}

  readonly #receive = (name: ForwardedSignal): void => {
    if (this.#receivers.size > 0) {
      for (const receiver of this.#receivers) receiver(name)
    } else if (name !== 'SIGWINCH') {
      this.#abort.abort(new InterruptedError(name))
    }
  }
}
