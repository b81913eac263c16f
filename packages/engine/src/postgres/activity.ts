/** What is under way, so that a close can wait for it. */
import { EngineError } from '../errors.ts'

export class Activity {
  readonly #title: string
  #underWay = 0
  #closing: Promise<void> | null = null
  #idle: () => void = () => {}

  constructor(title: string) {
    this.#title = title
  }

  /** @throws EngineError once `rest` was called */
  check(): void {
    if (this.#closing !== null) throw new EngineError(`${this.#title} is closed`)
  }

  /** @throws EngineError once `rest` was called */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.check()
    this.#underWay += 1
    try {
      return await work()
    } finally {
      this.#underWay -= 1
      if (this.#underWay === 0) this.#idle()
    }
  }

  /** Nothing more begins. Resolves when what had begun is over. */
  rest(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#idle = resolve
      if (this.#underWay === 0) resolve()
    })
    return this.#closing
  }
}
