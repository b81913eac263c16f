/** Shows a histogram that is kept elsewhere in Prometheus' form. */
import { Histogram } from 'prom-client'
import type { Histogram as Counted } from '../tablet/statistics.ts'

export interface HistogramViewOptions {
  readonly name: string
  readonly help: string
  /** How many of the counted units make one of the shown. */
  readonly unit: number
  read(): Counted
}

interface ShownHistogram {
  readonly name: string
  readonly help: string
  readonly type: 'histogram'
  readonly aggregator: 'sum'
  readonly values: ReadonlyArray<{
    readonly labels: { readonly le?: number | string }
    readonly value: number
    readonly metricName: string
  }>
}

export class HistogramView extends Histogram {
  readonly #options: HistogramViewOptions

  constructor(options: HistogramViewOptions) {
    super({ name: options.name, help: options.help, registers: [] })
    this.#options = options
  }

  /** What the registry writes into its text. */
  async getForPromString(): Promise<ShownHistogram> {
    const { name, help, unit } = this.#options
    const { bounds, counts, sum, count } = this.#options.read()
    let below = 0
    const buckets = bounds.map((bound, index) => {
      below += counts[index] ?? 0
      return { labels: { le: bound / unit }, value: below, metricName: `${name}_bucket` }
    })
    const values = [
      ...buckets,
      { labels: { le: '+Inf' }, value: count, metricName: `${name}_bucket` },
      { labels: {}, value: sum / unit, metricName: `${name}_sum` },
      { labels: {}, value: count, metricName: `${name}_count` },
    ]
    return { name, help, type: 'histogram', values, aggregator: 'sum' }
  }
}
