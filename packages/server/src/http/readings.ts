/** Metrics that show numbers kept elsewhere, read when they are asked for. */
import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'

/** A number of `Source`, and what it is. */
export type Reading<Source> = readonly [
  name: string,
  help: string,
  read: (source: Source) => number,
]

export function addGauges<Source>(
  registry: Registry,
  readings: readonly Reading<Source>[],
  source: () => Source,
): void {
  for (const [name, help, read] of readings) {
    void new Gauge({
      name: `tenure_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read(source()))
      },
    })
  }
}

export function addCounters<Source>(
  registry: Registry,
  readings: readonly Reading<Source>[],
  source: () => Source,
): void {
  for (const [name, help, read] of readings) {
    void new Counter({
      name: `tenure_${name}`,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(read(source()))
      },
    })
  }
}
