/**
 * Ways in which a server dies. It is started in the surroundings of its death; `strike` returns when it is dead.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { CrashPoint } from '@tenure/engine'
import type { Progress } from '../history/progress.ts'
import type { Exit } from '../program.ts'

/** What is around one run of a server. */
export interface Surroundings {
  readonly environment?: Readonly<Record<string, string>>
  /** Words put before the program: another one that becomes it, or starts it. */
  readonly inside?: readonly string[]
}

/** A server that can be started again with the same data on the same port. */
export interface Mortal {
  readonly address: string
  /** How the latest run ends. */
  readonly exit: Promise<Exit>
  /** @throws when it ends before it serves; `exit` says how */
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
  /** Its end may come before the kill. */
  readonly mayEnd?: boolean
  readonly surroundings: Surroundings
  strike(scene: Scene): Promise<void>
}

/** Answers between a start and a kill. */
const ANSWERS_MAX = 60
/** Longer than a start. */
const START_MAX_MS = 500
const STOP_MAX_MS = 30
/** Follows every thread, as a child of the server, so that the server stays ours. With a seccomp filter it would send no signals. */
const STRACE = ['strace', '-D', '-f', '-qq', '-o', '/dev/null']
/** A place that has not been passed after so many answers is never passed. */
const ANSWERS_UNTIL_MISSED = 5_000

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

/** Twice in a row: the second time before anybody has been answered. */
export const twice: Death = {
  name: 'twice',
  surroundings: {},
  async strike(scene) {
    await atAnyTime.strike(scene)
    await scene.server.start()
    await scene.server.end('SIGKILL')
  },
}

/** While it ends in good order. */
export const whileStopping: Death = {
  name: 'while stopping',
  mayEnd: true,
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
  // With 0.000 it would never die.
  const seconds = (1 + random() * START_MAX_MS) / 1_000
  return {
    name: `while starting, after ${seconds.toFixed(3)} s`,
    surroundings: { inside: ['timeout', '-s', 'KILL', seconds.toFixed(3)] },
    strike: (scene) => exitOf(scene, `${seconds} s`),
  }
}

/** When it passes a crash point. */
export function atPoint(place: CrashPoint, passing: number): Death {
  const order = `${place}:${passing}`
  return {
    name: order,
    surroundings: { environment: { TENURE_CRASH_AT: order } },
    strike: (scene) => exitOf(scene, order),
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
    surroundings: { inside: [...STRACE, '-e', ...calls] },
    strike: (scene) => exitOf(scene, `${name}:${passing}`),
  }
}

/** @throws when the work goes on as if nothing should end it */
async function exitOf({ server, progress }: Scene, place: string): Promise<void> {
  const missed = progress.more(ANSWERS_UNTIL_MISSED).then(() => {
    throw new Error(`nobody died at ${place} within ${ANSWERS_UNTIL_MISSED} answers`)
  })
  await Promise.race([server.exit, missed])
}
