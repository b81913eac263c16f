/** An election as those see it who take no part in it. */
import type { Session } from '../session.ts'
import type { Codec } from './codec.ts'
import type { ElectionState } from './election-state.ts'

/** The states of an election for whoever takes no part in it. The contract is that of `Election.watch`. */
export function observe(
  session: Session,
  name: string,
  signal?: AbortSignal,
): AsyncGenerator<ElectionState, void, undefined>
export function observe<T>(
  session: Session,
  name: string,
  options: { readonly codec: Codec<T> },
  signal?: AbortSignal,
): AsyncGenerator<ElectionState<T>, void, undefined>
export function observe<T>(
  session: Session,
  name: string,
  options?: { readonly codec: Codec<T> } | AbortSignal,
  last?: AbortSignal,
): AsyncGenerator<ElectionState | ElectionState<T>, void, undefined> {
  if (options === undefined || options instanceof AbortSignal) {
    return session.election(name).watch(options ?? last)
  }
  return session.election(name, { codec: options.codec }).watch(last)
}
