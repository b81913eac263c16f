/** Every bug that the storm must find. */
import type { Mutant } from './mutant.ts'

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a result leaves before the commit',
    breaks: 'L3',
    file: 'packages/server/src/tablet/pipeline.ts',
    original:
      '        await this.#commit(batch)\n        if (!this.#broken) this.#ports.settled(batch)',
    planted: '        this.#ports.settled(batch)\n        await this.#commit(batch)',
  },
]
