/** A session that is taken from stream to stream, and strangers that must not get it. */
import type { Chance } from '../chance.ts'
import { Seat } from '../seat.ts'
import { BAD_SESSION, SUCCESS } from '../status.ts'
import { Visitor } from '../visitor.ts'
import { nowMs, pause, type World } from '../world.ts'

/** In which the older stream must have been told. */
const TOLD_MS = 1_000

export async function steal(
  world: World,
  chance: Chance,
  { actor }: { actor: string },
): Promise<void> {
  const key = chance.bytes(16)
  const visitor = new Visitor(world, { actor, timeoutMs: 3_000, key })
  const name = `${world.epoch}-${actor}`
  while ((await visitor.present()) !== null) {
    const wish = { semaphore: name, limit: 2n ** 64n - 1n, count: 1n }
    await visitor.acquire({ ...wish, timeoutMs: 0, ephemeral: true }).done
    if (chance.happens(0.5)) await takeOver(world, visitor, chance.happens(0.5))
    else await intrude(world, visitor, { key, chance })
    if ((await visitor.present()) !== null) await visitor.describe(name)
    await pause(chance.between(0, 60), world.calm)
  }
  await visitor.stop()
}

/** Attaches the session anew while it is attached: the older stream must be failed and can do nothing any more. */
async function takeOver(world: World, visitor: Visitor, isNeighbour: boolean): Promise<void> {
  const older = visitor.seat
  if (older?.isLive !== true) return
  const session = await visitor.attach(isNeighbour ? older : undefined)
  if (session === null) return
  let lateStatus = 0
  older.ask(
    (reqId) => ({
      case: 'releaseSemaphore',
      value: { reqId, name: `${world.epoch}-${visitor.actor}` },
    }),
    (response) => {
      if (response?.case === 'releaseSemaphoreResult') lateStatus = response.value.status
    },
  )
  await Promise.race([older.ended, pause(TOLD_MS)])
  const at = nowMs()
  const { failure, failedAt, endedAt } = older.attachment
  const { startedAt } = visitor.seat?.attachment ?? { startedAt: Infinity }
  const about = [visitor.actor]
  const accuse = (what: string): void => {
    world.history.violations.push({ id: 'S6', at, what: `${visitor.actor}: ${what}`, about })
  }
  if (lateStatus === SUCCESS) accuse('a stream that had lost its session released something')
  if (endedAt < Infinity && failure !== null && failure !== BAD_SESSION) {
    accuse(`the older stream ended with ${failure}`)
  }
  // What one connection carries arrives in the order in which it was sent.
  if (isNeighbour && failure === BAD_SESSION && failedAt > startedAt) {
    accuse('the newer stream was told before the older one')
  }
  if (endedAt === Infinity && isQuiet(world, startedAt, at)) accuse('the older stream goes on')
}

/** Wants the session with an older number or a wrong key: it must be refused, and the owner not disturbed. */
async function intrude(
  world: World,
  visitor: Visitor,
  { key, chance }: { key: Uint8Array; chance: Chance },
): Promise<void> {
  const { session, seat } = visitor
  if (session === null || seat?.isLive !== true) return
  const hasKey = chance.happens(0.5)
  const rogue = new Seat(world, {
    actor: `${visitor.actor}-rogue`,
    sessionId: session.id,
    timeoutMs: session.timeoutMs,
    seqNo: hasKey ? visitor.seqNo - 1n : visitor.seqNo + 10n,
    key: hasKey ? key : key.map((byte) => byte ^ 1),
  })
  const id = await rogue.started
  const at = nowMs()
  const about = [visitor.actor]
  const accuse = (what: string): void => {
    world.history.violations.push({ id: 'S6', at, what: `${visitor.actor}: ${what}`, about })
  }
  if (id !== null) {
    rogue.leave()
    // The number is not stored: a server that was started anew takes any.
    const isKnown = seat.attachment.generation === world.generation && visitor.seat === seat
    if (!hasKey || isKnown) {
      accuse(hasKey ? 'an older number took the session' : 'a wrong key took the session')
    }
    return
  }
  const { failure } = seat.attachment
  if (failure === BAD_SESSION && visitor.seat === seat) accuse('a refused attach failed the owner')
}

/** Whether nothing was done to the server between these moments. */
function isQuiet(world: World, from: number, to: number): boolean {
  return world.history.faults.every((fault) => fault.to < from || fault.from > to)
}
