/** A kernel out of what is stored. */
import { crashPoint } from '@tenure/engine'
import type { Partition } from '@tenure/engine'
import { KEY_RANGE_LOADED, Kernel } from '@tenure/kernel'
import type { Limits } from '@tenure/kernel'
import type { Clock } from '../clock.ts'
import type { Outside } from './outside.ts'
import type { ServedTime } from './served-time.ts'

/** After so many entries the event loop gets its turn. */
const ENTRIES_PER_TURN = 2_048

export interface LoadingPorts {
  readonly partition: Partition
  readonly clock: Clock
  readonly time: ServedTime
  readonly outside: Outside
  readonly kernelLimits: Partial<Limits>
}

/**
 * @returns a kernel whose sessions have their whole timeout and the node's grace period before them
 * @throws InvariantError when the entries cannot be understood, or what the engine throws
 */
export async function loadKernel(ports: LoadingPorts): Promise<Kernel> {
  const kernel = new Kernel(ports.kernelLimits)
  let loaded = 0
  for await (const entry of ports.partition.scan(KEY_RANGE_LOADED)) {
    kernel.load(entry)
    crashPoint('mid-restore')
    loaded += 1
    if (loaded % ENTRIES_PER_TURN === 0) {
      await new Promise<void>((resolve) => ports.clock.afterInput(resolve))
    }
  }
  const nowMs = ports.time.nowMs()
  ports.outside.tell(kernel, nowMs)
  kernel.start(nowMs, ports.partition.epoch)
  return kernel
}
