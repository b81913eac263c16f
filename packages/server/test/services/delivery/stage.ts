/** A node whose tasks are taken to handlers that the test plays itself, on a clock that is moved by hand. */
import type { ThemeConfig } from '@tenure/kernel'
import { Deliveries } from '../../../src/services/delivery/deliveries.ts'
import type {
  Endpoint,
  EndpointAddress,
  Errand,
  Verdict,
} from '../../../src/services/delivery/endpoint.ts'
import { failed } from '../../../src/services/delivery/endpoint.ts'
import type { Log } from '../../../src/log.ts'
import { silentLog } from '../../../src/log.ts'
import { visitLog } from '../../tablet/log-visitor.ts'
import type { HeldTask, LogVisitor } from '../../tablet/log-visitor.ts'
import { settle } from '../../tablet/manual-clock.ts'
import type { MoodyEngine } from '../../tablet/moody-engine.ts'
import { createNode, stage } from '../../tablet/stage.ts'
import type { Stage } from '../../tablet/stage.ts'

export const HANDLER = 'grpc://127.0.0.1:7000'

/** Time that passes costs a turn of the event loop for each thing that happens meanwhile. */
const SELDOM_MS = 1e9

/** A hand-out that has arrived at a handler. */
interface Arrival {
  readonly errand: Errand
  readonly records: readonly string[]
  /** How the call ends. */
  readonly end: (verdict: Verdict) => Promise<void>
}

/** One origin, played by the test. */
class PlayedEndpoint implements Endpoint {
  isUp = true
  isClosed = false
  readonly arrivals: Arrival[] = []
  reaches = 0

  carry(errand: Errand): Promise<Verdict> {
    if (!this.isUp) return Promise.resolve(failed('nobody is there', true))
    return new Promise((resolve) => {
      const records = errand.handOut.records.map((record) => Buffer.from(record).toString())
      const end = async (verdict: Verdict): Promise<void> => {
        resolve(verdict)
        await settle()
      }
      this.arrivals.push({ errand, records, end })
    })
  }

  async reach(): Promise<boolean> {
    this.reaches += 1
    return this.isUp
  }

  close(): void {
    this.isClosed = true
  }

  /** The latest hand-out. */
  get last(): Arrival {
    const last = this.arrivals.at(-1)
    if (last === undefined) throw new Error('nothing has been handed out')
    return last
  }
}

export interface DeliveryStage extends Stage {
  readonly deliveries: Deliveries
  /** By origin, all that were ever dialed; a closed one makes place for another. */
  readonly endpoint: (origin?: string) => PlayedEndpoint
  readonly opener: LogVisitor
  /** Opens a task and stores it: it is due after the theme's delay. */
  readonly store: (record: string, theme?: number) => Promise<HeldTask>
  readonly configure: (settings?: Partial<ThemeConfig>) => Promise<void>
  readonly listed: (state: 'active' | 'stored' | 'dead') => Promise<Listed[]>
}

interface Listed {
  readonly attempt: number
  readonly repeats: number
  readonly failure: string
  readonly dueSecond: bigint
}

export async function deliveryStage(
  options: { engine?: MoodyEngine; log?: Log; limits?: Parameters<typeof stage>[0] } = {},
): Promise<DeliveryStage> {
  const endpoints = new Map<string, PlayedEndpoint>()
  const hearers: Deliveries[] = []
  const tablet = { selfCheckMs: SELDOM_MS, ...options.limits?.tablet }
  const themesChanged = (path: string, themes: readonly ThemeConfig[]): void => {
    for (const hearer of hearers) hearer.themesChanged(path, themes)
  }
  const set = stage({ ...options.limits, tablet, themesChanged }, options.engine)
  const dial = ({ origin }: EndpointAddress): PlayedEndpoint => {
    const endpoint = endpoints.get(origin)
    if (endpoint?.isClosed === false) return endpoint
    const made = new PlayedEndpoint()
    endpoints.set(origin, made)
    return made
  }
  const { clock, host } = set
  // Pauses are as long as they can be.
  const random = {
    nonZeroU64: () => 2n ** 64n - 1n,
    bytes: (length: number) => new Uint8Array(length),
  }
  const deliveries = new Deliveries({ clock, random, log: options.log ?? silentLog, dial })
  hearers.push(deliveries)
  const opener = await visitLog(await createNode(host))
  deliveries.start(host)
  await settle()
  const configure = async (settings: Partial<ThemeConfig> = {}): Promise<void> => {
    opener.configure({ handler: HANDLER, delaySeconds: 1, handlerSeconds: 60, ...settings })
    await settle()
  }
  return {
    ...set,
    deliveries,
    opener,
    configure,
    endpoint: (origin = HANDLER) =>
      endpoints.get(origin) ?? dial({ kind: 'grpc', origin, url: new URL(origin) }),
    async store(record, theme) {
      opener.open(record, theme)
      await settle()
      const { opened } = opener
      opener.store(opened)
      await settle()
      return opened
    },
    async listed(state) {
      opener.list(state)
      await settle()
      const event = opener.events.findLast((one) => one.kind === 'tasks-listed')
      return [...(event?.tasks ?? [])]
    },
  }
}
