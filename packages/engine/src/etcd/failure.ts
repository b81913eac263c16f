/** Failures of etcd in the words of the contract. */
import { EngineError, FullError } from '../errors.ts'
import type { Answer } from './cluster-client.ts'
import { StatusError } from './status.ts'

const HINTS: Partial<Record<StatusError['reason'], string>> = {
  large:
    'the cluster takes less in one request than the engine sends: raise --max-request-bytes and --max-txn-ops of etcd to the defaults at least, or lower those of the engine',
  token: 'give the engine a user and a password that etcd knows',
  lost: 'see whether a majority of its members is up and can be reached',
}

/** The message, or an EngineError that says what failed. */
export async function told<Message>(answer: Promise<Answer<Message>>): Promise<Message> {
  try {
    return (await answer).message
  } catch (error) {
    throw failureOf(error)
  }
}

/** @returns a FullError only when nothing was written and nothing will be */
export function failureOf(error: unknown): unknown {
  if (!(error instanceof StatusError)) return error
  if (error.reason === 'full' && !error.isRepeated) {
    return new FullError(
      'etcd: the quota of its store is used up; compact and defragment it, then disarm the alarm NOSPACE',
      { cause: error },
    )
  }
  const hint = HINTS[error.reason]
  const more = hint === undefined ? '' : `; ${hint}`
  return new EngineError(`etcd: ${error.message}${more}`, { cause: error })
}
