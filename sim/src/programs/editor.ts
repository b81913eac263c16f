/** Creates, reads, changes and deletes the data of a semaphore; every value it writes is unlike all others. */
import { TenureError } from '@tenure/client'
import type { RegisterInput, RegisterOutput } from '../judge/registers.ts'
import type { Desk, Program } from './program.ts'

const PAUSE_MS = 150

/** These say for certain that nothing was done. */
const DEFINITE = new Set(['NOT_FOUND', 'ALREADY_EXISTS', 'PRECONDITION_FAILED'])

export function editor(name: string): Program {
  return {
    name: `edits ${name}`,
    async round(desk) {
      const input = choose(desk)
      const session = await desk.session()
      const semaphore = session.semaphore(name)
      const patience = desk.timeout(desk.random.chance(0.1) ? desk.random.fraction() * 50 : 20_000)
      const record = desk.world.judge.registers.calling(desk, name, input)
      try {
        record.returned(await perform())
      } catch (error) {
        if (!(error instanceof TenureError) || !DEFINITE.has(error.code)) throw error
        record.returned({ kind: 'refused', code: error.code })
      }
      await desk.sleep(desk.random.exponential(PAUSE_MS))

      async function perform(): Promise<RegisterOutput> {
        if (input.kind === 'read') {
          const { data } = await semaphore.describe({}, patience)
          return { kind: 'value', data: Buffer.from(data).toString() }
        }
        if (input.kind === 'create') await semaphore.create({ limit: 1, data: input.data }, patience)
        else if (input.kind === 'update') await semaphore.update(input.data, patience)
        else await semaphore.delete({ force: true }, patience)
        return { kind: 'done' }
      }
    },
  }
}

function choose(desk: Desk): RegisterInput {
  const { random } = desk
  const chance = random.fraction()
  if (chance < 0.45) return { kind: 'read' }
  const data = `${desk.writer}:${desk.world.nextSerial()}`
  if (chance < 0.8) return { kind: 'update', data }
  return chance < 0.95 ? { kind: 'create', data } : { kind: 'delete' }
}
