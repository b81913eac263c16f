/**
 * Ways in which a server dies. It is started in the surroundings of its death; `strike` returns when it is dead.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { CrashPoint } from '@tenure/engine'
import type { Progress } from '../history/progress.ts'
import type { Exit, Surroundings } from '../program.ts'

/** A server that can be started again with the same data on the same port. */
export interface Mortal {
  readonly address: string
  /** How the run that is under way ends. */
  readonly exit: Promise<Exit>
  /** @throws when it ends before it serves */
  start(once?: Surroundings): Promise<void>
  end(signal: NodeJS.Signals): Promise<Exit>
}

export interface Scene {
  readonly server: Mortal
  readonly progress: Progress
  readonly random: () => number
}

export interface Death {
  readonly name: string
  readonly surroundings: Surroundings
  strike(scene: Scene): Promise<void>
}

/** Answers between a start and a kill. */
const ANSWERS_MAX = 60
/** Longer than a start. */
const START_MAX_MS = 500
const STOP_MAX_MS = 30

/** After some more answers. */
export const atAnyTime: Death = {
  name: 'at any time',
  surroundings: {},
  async strike({ server, progress, random }) {
    await progress.more(1 + Math.floor(random() * ANSWERS_MAX))
    await server.end('SIGKILL')
  },
}

/** As soon as it listens, when the clients come back. */
export const onReturn: Death = {
  name: 'on return',
  surroundings: {},
  async strike({ server, random }) {
    await pause(random() * STOP_MAX_MS)
    await server.end('SIGKILL')
  },
}

/** While it ends in good order. */
export const whileStopping: Death = {
  name: 'while stopping',
  surroundings: {},
  async strike({ server, progress, random }) {
    await progress.more(1 + Math.floor(random() * ANSWERS_MAX))
    const stopped = server.end('SIGTERM')
    await pause(random() * STOP_MAX_MS)
    await Promise.all([stopped, server.end('SIGKILL')])
  },
}

/** So long after the process began, which may be before it serves. */
export function whileStarting(random: () => number): Death {
  const seconds = (random() * START_MAX_MS) / 1_000
  return {
    name: `while starting, after ${seconds.toFixed(3)} s`,
    surroundings: { inside: ['timeout', '-s', 'KILL', seconds.toFixed(3)] },
    strike: ({ server }) => server.exit.then(() => {}),
  }
}

/** When it passes a crash point. */
export function atPoint(place: CrashPoint, passing: number): Death {
  const order = `${place}:${passing}`
  return {
    name: order,
    surroundings: { environment: { TENURE_CRASH_AT: order } },
    strike: ({ server }) => server.exit.then(() => {}),
  }
}

/**
 * When it enters a system call: nothing of the call happens.
 *
 * @param passing of each thread, as strace counts
 */
export function atCall(name: string, passing: number): Death {
  const calls = [`trace=${name}`, '-e', `inject=${name}:signal=KILL:when=${passing}`]
  return {
    name: `${name}:${passing}`,
    surroundings: { inside: ['strace', '-D', '-f', '-qq', '-o', '/dev/null', '-e', ...calls] },
    strike: ({ server }) => server.exit.then(() => {}),
  }
}
