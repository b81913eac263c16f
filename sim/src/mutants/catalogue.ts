/** Every bug that the storm must find. */
import { CLIENT_MUTANTS } from './client.ts'
import { CONNECTION_MUTANTS } from './connection.ts'
import { DELIVERY_MUTANTS } from './delivery.ts'
import { KERNEL_MUTANTS } from './kernel.ts'
import { LOG_MUTANTS } from './log.ts'
import type { Mutant } from './mutant.ts'
import { PIPE_MUTANTS } from './pipe.ts'
import { RECORD_MUTANTS } from './records.ts'
import { SERVICE_MUTANTS } from './services.ts'
import { TABLET_MUTANTS } from './tablet.ts'

export const MUTANTS: readonly Mutant[] = [
  ...KERNEL_MUTANTS,
  ...TABLET_MUTANTS,
  ...SERVICE_MUTANTS,
  ...CLIENT_MUTANTS,
  ...RECORD_MUTANTS,
  ...CONNECTION_MUTANTS,
  ...LOG_MUTANTS,
  ...DELIVERY_MUTANTS,
  ...PIPE_MUTANTS,
]
