/** A host over a moody engine and a clock that is moved by hand. */
import type { Limits } from '@tenure/kernel'
import { Host } from '../../src/host/host.ts'
import type { HostedNode, HostOptions } from '../../src/host/host.ts'
import { DEFAULT_HOST_LIMITS } from '../../src/host/limits.ts'
import type { HostLimits } from '../../src/host/limits.ts'
import { DEFAULT_TABLET_LIMITS } from '../../src/tablet/limits.ts'
import type { TabletLimits } from '../../src/tablet/limits.ts'
import { ManualClock, settle } from './manual-clock.ts'
import { MoodyEngine } from './moody-engine.ts'
import { Visitor } from './visitor.ts'

export const PATH = '/local/locks'

export interface Stage {
  readonly engine: MoodyEngine
  readonly clock: ManualClock
  readonly host: Host
}

export function stage(
  limits: {
    host?: Partial<HostLimits>
    tablet?: Partial<TabletLimits>
    kernel?: Partial<Limits>
    themesChanged?: HostOptions['themesChanged']
  } = {},
  engine: MoodyEngine = new MoodyEngine(),
): Stage {
  const clock = new ManualClock()
  const tablet = { ...DEFAULT_TABLET_LIMITS, ...limits.tablet }
  const host = new Host({
    engine,
    clock,
    owner: { id: 'test', address: '' },
    limits: { ...DEFAULT_HOST_LIMITS, ...limits.host, tablet },
    kernelLimits: limits.kernel ?? {},
    ...(limits.themesChanged === undefined ? {} : { themesChanged: limits.themesChanged }),
  })
  return { engine, clock, host }
}

/** The node at a path that must have one. */
export async function nodeAt(host: Host, path: string = PATH): Promise<HostedNode> {
  const node = await host.node(path, { create: false })
  if (typeof node === 'string') throw new Error(`${path} is ${node}`)
  return node
}

export async function createNode(host: Host, path: string = PATH): Promise<HostedNode> {
  const node = await host.node(path, { create: true })
  if (typeof node === 'string') throw new Error(`${path} is ${node}`)
  const visitor = new Visitor(node)
  visitor.createNode()
  await settle()
  visitor.stream.close()
  return node
}
