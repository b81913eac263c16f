/** Publishes 1, 2, 3, … under its own name, at times without waiting for the one before. */
import type { Session } from '@tenure/client'
import { textOf } from '../judge/views.ts'
import type { Desk, Program } from './program.ts'

const PAUSE_MS = 400
const BURST_WRITES = 3

export function publisher(config: string): Program {
  return {
    name: `publishes ${config}`,
    async round(desk) {
      const session = await desk.session()
      const serial = desk.world.nextSerial()
      await session.config(config).publish(textOf({ writer: desk.writer, serial }))
      if (desk.random.chance(0.5)) await Promise.all(burst(desk, session, config))
      await desk.sleep(desk.random.exponential(PAUSE_MS))
    },
  }
}

/** What one session asks is done in the order of asking, also when it has to be asked again. */
function burst(desk: Desk, session: Session, name: string): Promise<void>[] {
  const semaphore = session.semaphore(name)
  return Array.from({ length: BURST_WRITES }, () =>
    semaphore.update(textOf({ writer: desk.writer, serial: desk.world.nextSerial() })),
  )
}
