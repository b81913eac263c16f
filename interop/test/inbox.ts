/** What was heard on a stream, until a test asks for it. */
import type { Heard, HeardCase, HeardValue } from './session-wire.ts'

const WAIT_MS = 5_000

export class Inbox {
  readonly #messages: Heard[] = []
  #wake: () => void = () => {}

  put(message: Heard): void {
    this.#messages.push(message)
    this.#wake()
  }

  /** The next message, which must be of this kind. */
  async next<C extends HeardCase>(kind: C): Promise<HeardValue<C>> {
    const { case: heard, value } = await this.#take(kind)
    if (!isValueOf(value, heard, kind)) throw new Error(`waited for ${kind}, heard ${heard}`)
    return value
  }

  async #take(kind: HeardCase): Promise<Heard> {
    const deadlineMs = performance.now() + WAIT_MS
    for (;;) {
      const message = this.#messages.shift()
      if (message !== undefined) return message
      await new Promise<void>((resolve, reject) => {
        const late = (): void => reject(new Error(`waited for ${kind}, heard nothing`))
        const timer = setTimeout(late, deadlineMs - performance.now())
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

function isValueOf<C extends HeardCase>(
  _value: unknown,
  heard: HeardCase | undefined,
  kind: C,
): _value is HeardValue<C> {
  return heard === kind
}
