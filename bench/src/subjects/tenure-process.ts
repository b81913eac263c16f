/**
 * Tenure inside the load process: no bytes on a wire, the same tablet, engine and client.
 */
import type { WorkloadName } from '../measurement.ts'
import type { Subject } from './subject.ts'
import { TASKS } from './task-writer.ts'
import { tenureVersion } from './tenure-version.ts'
import { visitClient } from './tenure-visitor.ts'

const WORKLOADS: ReadonlySet<WorkloadName> = new Set<WorkloadName>([
  'pairs',
  'hand-off',
  'swaps',
  'reads',
  'appends',
  'large-appends',
  'jobs',
  'retried-jobs',
  'fan-out',
])

export const tenureMemory: Subject = {
  id: 'tenure-memory',
  title: 'Tenure memory: in process',
  family: 'tenure',
  durable: false,
  settings: `nothing is kept; @tenure/client, one session per party, in the process of the load; ${TASKS}`,
  workloads: WORKLOADS,
  start: async () => ({
    address: 'memory:',
    pid: null,
    version: tenureVersion(),
    stop: async () => {},
  }),
  visit: (address) => visitClient(address, { sessions: 'each' }),
}

export const tenureFile: Subject = {
  id: 'tenure-file',
  title: 'Tenure file: in process',
  family: 'tenure',
  durable: true,
  settings: `a sync for each group of commits; @tenure/client, one session per party, in the process of the load; ${TASKS}`,
  workloads: WORKLOADS,
  start: async (folder) => ({
    address: `file:${folder}`,
    pid: null,
    version: tenureVersion(),
    stop: async () => {},
  }),
  visit: (address) => visitClient(address, { sessions: 'each' }),
}
