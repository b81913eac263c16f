/** Publishes 1, 2, 3, … under its own name. */
import { textOf } from '../judge/views.ts'
import type { Program } from './program.ts'

const PAUSE_MS = 400

export function publisher(config: string): Program {
  return {
    name: `publishes ${config}`,
    async round(desk) {
      const session = await desk.session()
      const serial = desk.world.nextSerial()
      await session.config(config).publish(textOf({ writer: desk.writer, serial }))
      await desk.sleep(desk.random.exponential(PAUSE_MS))
    },
  }
}
