/** Faults of ways, drawn by chance: what breaks, for how long, and that it is whole again at the end. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Proxy } from '../proxy.ts'
import { between, oneOf } from '../seed.ts'
import type { Draw } from '../seed.ts'

type Fault = (proxy: Proxy, draw: Draw) => void

const FAULTS: Readonly<Record<string, Fault>> = {
  drop: (proxy) => proxy.drop(),
  reset: (proxy) => proxy.reset(),
  cut: (proxy) => proxy.cut(),
  'cut in a message': (proxy, draw) => proxy.cutAfter(between(draw, 1, 2_000)),
  silence: (proxy) => proxy.silence(),
  'stall up': (proxy) => proxy.stall('up'),
  'stall down': (proxy) => proxy.stall('down'),
  'half-close up': (proxy) => proxy.halfClose('up'),
  'half-close down': (proxy) => proxy.halfClose('down'),
  delay: (proxy, draw) => proxy.slow({ delayMs: between(draw, 1, 100), jitterMs: 200 }),
  'delay down': (proxy) => proxy.slow({ delayMs: 300, jitterMs: 300 }, ['down']),
}

export interface StormOptions {
  readonly draw: Draw
  readonly faults: number
  /** Longest life of a fault. */
  readonly longestMs: number
}

/** Breaks ways one after the other, a few at a time. @returns what was done, for the message of a failure */
export async function storm(
  proxies: readonly Proxy[],
  { draw, faults, longestMs }: StormOptions,
): Promise<string[]> {
  const done: string[] = []
  const broken = new Map<Proxy, Promise<void>>()
  for (let count = 0; count < faults; count += 1) {
    const proxy = oneOf(draw, proxies)
    const name = oneOf(draw, Object.keys(FAULTS))
    const lifeMs = between(draw, 10, longestMs)
    done.push(`${name} on way ${proxies.indexOf(proxy)} for ${Math.round(lifeMs)} ms`)
    await broken.get(proxy)
    FAULTS[name]?.(proxy, draw)
    broken.set(
      proxy,
      pause(lifeMs).then(() => proxy.restore()),
    )
    await pause(between(draw, 0, longestMs / 4))
  }
  await Promise.all(broken.values())
  return done
}
