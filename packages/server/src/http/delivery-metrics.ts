/** Counters of what is taken to handlers, by destination: these are few, and stand in somebody's configuration. */
import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { DestinationStatistics } from '../services/delivery/destination.ts'

type Reading = readonly [
  name: string,
  help: string,
  read: (destination: DestinationStatistics) => number,
]

const GAUGES: readonly Reading[] = [
  ['delivery_out', 'Tasks that are with a handler', ({ out }) => out],
  [
    'delivery_backing_off',
    '1 while a handler cannot be reached and is given no task',
    ({ isBackingOff }) => (isBackingOff ? 1 : 0),
  ],
]

const COUNTERS: readonly Reading[] = [
  ['delivery_hand_outs_total', 'Tasks taken to a handler', ({ handOuts }) => handOuts],
  [
    'delivery_failures_total',
    'Of these, how many came back without the handler having said so',
    ({ failures }) => failures,
  ],
]

export function addDeliveryMetrics(
  registry: Registry,
  read: () => readonly DestinationStatistics[],
): void {
  const registers = [registry]
  const labelNames = ['endpoint']
  for (const [name, help, readOne] of GAUGES) {
    void new Gauge({
      name: `tenure_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const one of read()) this.set({ endpoint: one.origin }, readOne(one))
      },
    })
  }
  for (const [name, help, readOne] of COUNTERS) {
    void new Counter({
      name: `tenure_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const one of read()) this.inc({ endpoint: one.origin }, readOne(one))
      },
    })
  }
}
