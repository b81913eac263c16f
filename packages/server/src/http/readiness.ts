/** Whether this server can do its work. */
import type { ServerView } from './server-view.ts'

/** An engine that takes longer to answer counts as not reachable. */
const ENGINE_ANSWER_MS = 2_000

export type Readiness = 'ok' | 'stopping' | 'engine not reachable'

export async function isReady(view: ServerView): Promise<Readiness> {
  if (view.isStopping()) return 'stopping'
  return (await answers(view)) ? 'ok' : 'engine not reachable'
}

async function answers(view: ServerView): Promise<boolean> {
  return new Promise((resolve) => {
    const overdue = view.clock.after(ENGINE_ANSWER_MS, () => resolve(false))
    const settle = (isReachable: boolean): void => {
      overdue.cancel()
      resolve(isReachable)
    }
    view.engine.ownerOf(view.database).then(
      () => settle(true),
      () => settle(false),
    )
  })
}
