/** Registers itself, says something new now and then, leaves. */
import type { Program } from './program.ts'

const STAY_MS = 800

export function member(registry: string): Program {
  return {
    name: `registers in ${registry}`,
    async round(desk) {
      const session = await desk.session()
      const entry = await session.registry(registry).register(desk.writer)
      try {
        await desk.sleep(desk.random.exponential(STAY_MS))
        if (desk.random.chance(0.5)) await entry.update(`${desk.writer} anew`)
        await desk.sleep(desk.random.exponential(STAY_MS))
        if (entry.signal.aborted) desk.world.marks.reached('an entry is lost with its session')
      } finally {
        await entry.release()
      }
    },
  }
}
