/** Creates, reads, changes and deletes the data of a semaphore; every value it writes is unlike all others. */
import { TenureError } from '@tenure/client'
import type { RegisterInput, RegisterOutput } from '@tenure/checker'
import type { Desk, Program } from './program.ts'

const PAUSE_MS = 150

/** These say for certain that nothing was done. */
type Refusal = Extract<RegisterOutput, { kind: 'refused' }>['code']
const DEFINITE: readonly Refusal[] = ['NOT_FOUND', 'ALREADY_EXISTS', 'PRECONDITION_FAILED']

const LIMIT = 1n

export function editor(name: string): Program {
  return {
    name: `edits ${name}`,
    async round(desk) {
      const input = choose(desk)
      const session = await desk.session()
      const semaphore = session.semaphore(name)
      const patience = desk.timeout(desk.random.chance(0.1) ? desk.random.fraction() * 50 : 20_000)
      const record = desk.world.judge.registers.calling(desk, session, { name, request: input })
      try {
        record.returned(await perform())
      } catch (error) {
        const code = DEFINITE.find((known) => error instanceof TenureError && error.code === known)
        if (code === undefined) throw error
        record.returned({ kind: 'refused', code })
      }
      await desk.sleep(desk.random.exponential(PAUSE_MS))

      async function perform(): Promise<RegisterOutput> {
        if (input.kind === 'describe') {
          const { data, limit } = await semaphore.describe({}, patience)
          return { kind: 'described', data: Buffer.from(data).toString(), limit }
        }
        if (input.kind === 'create')
          await semaphore.create({ limit: input.limit, data: input.data }, patience)
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
  if (chance < 0.45) return { kind: 'describe' }
  const data = `${desk.writer}:${desk.world.nextSerial()}`
  if (chance < 0.8) return { kind: 'update', data }
  return chance < 0.95 ? { kind: 'create', data, limit: LIMIT } : { kind: 'delete' }
}
