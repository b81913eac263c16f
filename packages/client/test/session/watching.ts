/** What tests of watches say for the server, and how they read. */
import type { Answer, Description, Holder } from '../../src/link/link.ts'
import type { SemaphoreDescription, WatchOptions } from '../../src/semaphore.ts'
import type { FakeWorld } from '../fake-link.ts'

const encoder = new TextEncoder()

export function described(
  data: string,
  owners: readonly Holder[] = [],
  waiters: readonly Holder[] = [],
): Answer {
  const description: Description = {
    name: 'a',
    limit: 9n,
    data: encoder.encode(data),
    ephemeral: false,
    held: 0n,
    owners,
    waiters,
  }
  return { kind: 'described', description, watchAdded: true }
}

export function owner(orderId: bigint, data = ''): Holder {
  return { sessionId: 7n, orderId, count: 1n, data: encoder.encode(data), timeoutMs: 0n }
}

export function text(result: IteratorResult<SemaphoreDescription | null, unknown>): string {
  if (result.done === true) throw new Error('the watch has ended')
  return result.value === null ? 'absent' : Buffer.from(result.value.data).toString()
}

export function iterate<T>(items: AsyncIterable<T>): AsyncIterator<T> {
  return items[Symbol.asyncIterator]()
}

export function reconnect({ link, clock }: FakeWorld): void {
  link.last.break()
  clock.advance(1_000)
  link.last.start()
}

/** A watch of the semaphore "a" that has yielded its first state, which had the data "1". */
export async function watched(
  { session, link }: Pick<FakeWorld, 'session' | 'link'>,
  options: WatchOptions = {},
  signal?: AbortSignal,
): Promise<AsyncIterator<SemaphoreDescription | null>> {
  const watch = iterate(session.semaphore('a').watch(options, signal))
  const first = watch.next()
  link.last.last.answer(described('1'))
  await first
  return watch
}
