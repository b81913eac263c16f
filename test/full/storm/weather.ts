/** The faults: kills, stops, pauses, cuts and stalls, one after the other, until it is to be fair. */
import { readFileSync } from 'node:fs'
import type { Chance } from './chance.ts'
import type { Fault } from './history.ts'
import type { Besieged } from './victim.ts'
import { nowMs, pause, type World } from './world.ts'

const BETWEEN_MS = { low: 200, high: 2_000 }
const DOWN_MAX_MS = 1_500
const PAUSE_MAX_MS = 3_500
const STALL_MAX_MS = 3_000

type Kind = Exclude<Fault['kind'], 'lag' | 'move'>

/** Where one of several servers meets them, the node moves. */
const MOVES: ReadonlySet<Kind> = new Set(['kill', 'stop', 'pause'])

/** Dealt in any order, but each of them before one comes again. */
const DECK: readonly Kind[] = [
  'kill',
  'kill',
  'stop',
  'pause',
  'pause',
  'cut',
  'cut',
  'stall',
  'stall',
]

/** Lets it storm until `fair`. */
export async function rage(
  { world, victim }: { world: World; victim: Besieged },
  chance: Chance,
  fair: AbortSignal,
): Promise<void> {
  const deck: Kind[] = []
  for (;;) {
    if (deck.length === 0) deck.push(...DECK)
    await pause(chance.between(BETWEEN_MS.low, BETWEEN_MS.high), fair)
    if (fair.aborted) return
    const kind = deck.splice(chance.between(0, deck.length - 1), 1)[0] ?? 'cut'
    const isMove = victim.unrestMs > 0 && MOVES.has(kind)
    const fault: Fault = {
      kind: isMove ? 'move' : kind,
      from: nowMs(),
      to: Infinity,
      servedFrom: Infinity,
    }
    world.history.faults.push(fault)
    await strike({ world, victim, fault }, { kind, chance })
    fault.to = nowMs() + (isMove ? victim.unrestMs : 0)
    // Whoever attached in the meantime may be unknown where the node is then.
    if (isMove) void pause(victim.unrestMs).then(() => (world.generation += 1))
    victim.assertAlive()
  }
}

interface Strike {
  readonly world: World
  readonly victim: Besieged
  readonly fault: Fault
}

async function strike(
  { world, victim, fault }: Strike,
  { kind, chance }: { readonly kind: Kind; readonly chance: Chance },
): Promise<void> {
  switch (kind) {
    case 'kill':
      world.generation += 1
      await victim.kill()
      await pause(chance.between(0, DOWN_MAX_MS))
      await restart({ world, victim, fault })
      return
    case 'stop':
      world.generation += 1
      await victim.stop()
      await restart({ world, victim, fault })
      return
    case 'pause':
      if (victim.unrestMs > 0) world.generation += 1
      victim.pause()
      await pause(chance.between(50, PAUSE_MAX_MS))
      victim.resume()
      return
    case 'cut':
      for (const passage of some(world, chance)) passage.cut()
      return
    case 'stall': {
      const passages = some(world, chance)
      for (const passage of passages) passage.stall()
      await pause(chance.between(50, STALL_MAX_MS))
      for (const passage of passages) {
        if (chance.happens(0.5)) passage.resume()
        else passage.cut()
      }
      return
    }
  }
}

async function restart({ world, victim, fault }: Strike): Promise<void> {
  const ports = await victim.start()
  fault.servedFrom = nowMs()
  world.network.leadTo(ports)
}

function some({ network }: World, chance: Chance) {
  const part = chance.pick([0.1, 0.3, 1])
  return network.passages.filter(() => chance.happens(part))
}

const TICK_MS = 50
/** So late is no fault of the server: what it did not do by then may have had no processor to do it on. */
const LATE_MS = 150

/** Notes when this machine had no time for this process or for the server's. */
export function watchMachine(world: World, pids: () => readonly number[]): Disposable {
  let tickedAt = nowMs()
  let waited = waitedMs(pids())
  const timer = setInterval(() => {
    const at = nowMs()
    const nowWaited = waitedMs(pids())
    if (at - tickedAt > TICK_MS + LATE_MS || nowWaited - waited > LATE_MS) {
      world.history.faults.push({ kind: 'lag', from: tickedAt, to: at, servedFrom: Infinity })
    }
    waited = nowWaited
    tickedAt = at
  }, TICK_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** How long processes were ready to run and did not. */
function waitedMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + waitedMsOf(pid), 0)
}

/** @returns 0 where the system does not say */
function waitedMsOf(pid: number): number {
  try {
    const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')
    return Number(waitedNs) / 1e6
  } catch {
    return 0
  }
}
