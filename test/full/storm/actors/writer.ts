/** Makes, changes, deletes and reads semaphores for their data: in a hurry, or so seldom that each change counts. */
import type { Chance } from '../chance.ts'
import type { WriteRecord } from '../history.ts'
import { Visitor } from '../visitor.ts'
import { pause, type World } from '../world.ts'

const KINDS: ReadonlyArray<WriteRecord['kind'] | 'read'> = [
  ...(['update', 'update', 'update', 'update', 'create', 'create', 'delete'] as const),
  ...(['read', 'read', 'read'] as const),
]

export interface WriterOptions {
  readonly actor: string
  readonly registers: readonly string[]
  /** Between two requests. */
  readonly restMs: { readonly least: number; readonly most: number }
}

export async function write(
  world: World,
  chance: Chance,
  { actor, registers, restMs }: WriterOptions,
): Promise<void> {
  const visitor = new Visitor(world, { actor, timeoutMs: 2_000 })
  for (let count = 1; (await visitor.present()) !== null; count += 1) {
    const kind = chance.pick(KINDS)
    const register = chance.pick(registers)
    if (kind === 'read') await visitor.describe(register)
    else await visitor.write(kind, register, `${actor}-${count}`)
    await pause(chance.between(restMs.least, restMs.most), world.calm)
  }
  await visitor.stop()
}
