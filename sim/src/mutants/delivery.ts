/** Bugs of a server that takes tasks to handlers. */
import type { Mutant } from './mutant.ts'

const ERRAND = 'packages/server/src/services/delivery/errand-run.ts'
const NODE_DELIVERY = 'packages/server/src/services/delivery/node-delivery.ts'

export const DELIVERY_MUTANTS: readonly Mutant[] = [
  {
    name: 'a task that a handler has not finished is deleted',
    breaks: 'J2',
    file: ERRAND,
    original:
      "return { kind: 'store', delaySeconds: 0, failure: this.#isOverdue ? late : verdict.failure }",
    planted:
      "return late === '' ? { kind: 'store', delaySeconds: 0, failure: late } : { kind: 'delete' }",
  },
  {
    name: 'a handler is brought only the first page of records',
    breaks: 'J5',
    file: ERRAND,
    original: '    if (!handedOut.more) return handedOut.records\n',
    planted: '    if (handedOut.records.length > 0) return handedOut.records\n',
  },
  {
    name: 'a handler goes on when the node is lost',
    breaks: 'J3',
    file: NODE_DELIVERY,
    original: '    this.#endDeliveries()\n    this.#lost(why)',
    planted: '    this.#deliveries.clear()\n    this.#lost(why)',
  },
]
