/** A session that is taken from stream to stream, and strangers that must not get it. */
import type { Chance } from '../chance.ts'
import type { Attachment, Fault } from '../history.ts'
import { isQuiet } from '../judges/life.ts'
import { Seat } from '../seat.ts'
import { BAD_SESSION, SUCCESS, TIMEOUT, UNAVAILABLE } from '../status.ts'
import { Visitor } from '../visitor.ts'
import { nowMs, pause, type World } from '../world.ts'

/** In which the older stream must have been told. */
const TOLD_MS = 1_000

/** Between streams of one connection the order is the transport's affair, within this time. */
const TOGETHER_MS = 50

/** In which a server that was cut off from the engine has its nodes back. */
const SETTLING_MS = 10_000

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
async function takeOver(world: World, visitor: Visitor, isNear: boolean): Promise<void> {
  const older = visitor.seat
  if (older?.isLive !== true) return
  const isNeighbour = isNear && older.connection.isOpen
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
  if (lateStatus === SUCCESS) {
    accuse(world, visitor, 'a stream that had lost its session released something')
  }
  const newer = visitor.seat?.attachment
  if (newer === undefined) return
  const wrong = wrongEnd(older.attachment, { newer, isNeighbour, world })
  if (wrong !== null) accuse(world, visitor, wrong)
}

/** What is wrong with how the older stream of a session ended; null when nothing is. */
function wrongEnd(
  { failure, failedAt, endedAt }: Attachment,
  { newer, isNeighbour, world }: { newer: Attachment; isNeighbour: boolean; world: World },
): string | null {
  if (endedAt === Infinity) {
    return isQuiet(world.history.faults, newer.sentAt, nowMs()) ? 'the older stream goes on' : null
  }
  // It may have broken before it could be told, or been given up: by a server that stops, or that heard nothing of it.
  if (failure === null || failure === TIMEOUT || failure === UNAVAILABLE) return null
  if (failure !== BAD_SESSION) return `the older stream ended with ${failure}`
  // What one connection carries comes in about the order in which it was sent.
  const isLate = isNeighbour && failedAt > newer.startedAt + TOGETHER_MS
  if (!isLate || !isQuiet(world.history.faults, newer.sentAt, failedAt)) return null
  return 'the newer stream was told before the older one'
}

/** Whether the node has been where it is since this moment: a server that was cut off comes back to its nodes when the engine knows it again. */
function isSettled(faults: readonly Fault[], since: number): boolean {
  return faults.every(({ kind, to }) => kind !== 'move' || to + SETTLING_MS < since)
}

function accuse({ history }: World, { actor }: Visitor, what: string): void {
  history.violations.push({ id: 'S6', at: nowMs(), what: `${actor}: ${what}`, about: [actor] })
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
  if (id !== null) {
    rogue.leave()
    // The number is not stored: a server that was started anew, or has loaded the node anew, takes any.
    const isKnown =
      seat.attachment.generation === world.generation &&
      visitor.seat === seat &&
      isSettled(world.history.faults, seat.attachment.startedAt)
    if (!hasKey || isKnown) {
      accuse(world, visitor, `${hasKey ? 'an older number' : 'a wrong key'} took the session`)
    }
    return
  }
  const { failure } = seat.attachment
  if (failure === BAD_SESSION && visitor.seat === seat)
    accuse(world, visitor, 'a refused attach failed the owner')
}
