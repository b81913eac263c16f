/**
 * Three tiny services, each with a folder of its own. What one of them does for an order is a file; making it is one atomic step that fails
 * when the file is there. So each effect happens once, however often it is asked for: the pair of order and step is the idempotency key.
 */
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The steps of an order, in this order. Each is the business of the service of its name. */
export const STEPS = ['reserve', 'charge', 'ship'] as const

export type Step = (typeof STEPS)[number]

export class Services {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(folder: string): Promise<Services> {
    for (const step of STEPS) await mkdir(join(folder, step), { recursive: true })
    return new Services(folder)
  }

  /** @returns whether this call has had the effect; false: an earlier one has */
  async ask(step: Step, order: string): Promise<boolean> {
    await appendFile(join(this.#folder, 'requests'), `${step} ${order}\n`)
    try {
      await writeFile(join(this.#folder, step, order), '', { flag: 'wx' })
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
      throw error
    }
  }
}
