/**
 * Writes several values at once, without waiting for the one before: what one session asks is done in the order of asking, also
 * when a stream breaks and it has to be asked again.
 */
import { AlreadyExistsError } from '@tenure/client'
import type { Desk, Program } from './program.ts'

const PAUSE_MS = 300
const BURST_WRITES = 3

export function scribe(ledger: string): Program {
  let exists = false
  return {
    name: `writes ${ledger}`,
    async round(desk) {
      const semaphore = (await desk.session()).semaphore(ledger)
      if (!exists) {
        await semaphore.create({ limit: 1 }).catch((error: unknown) => {
          if (!(error instanceof AlreadyExistsError)) throw error
        })
      }
      exists = true
      const texts = Array.from(
        { length: BURST_WRITES },
        () => `${desk.writer}:${desk.world.nextSerial()}`,
      )
      await Promise.all(texts.map((text) => semaphore.update(text)))
      desk.world.marks.reached('a burst is written')
      judge(desk, texts, Buffer.from((await semaphore.describe()).data).toString())
      await desk.sleep(desk.random.exponential(PAUSE_MS))
    },
  }
}

/** L2: all were acknowledged, so an earlier one cannot come behind the last. */
function judge(desk: Desk, texts: readonly string[], found: string): void {
  if (found === texts.at(-1) || !texts.includes(found)) return
  const problem = `${desk.name} wrote ${texts.join(', ')} in this order, and found ${found}`
  desk.world.judge.violate('L2', problem)
}
