/** The storm: each fault of the run's settings strikes at random moments, and is over some time later. */
import type { Process } from './machine/process.ts'
import type { Random } from './random.ts'
import type { Fault } from './settings.ts'
import type { ClientParty } from './parties/client.ts'
import type { Server } from './parties/server.ts'
import type { Scene } from './scene.ts'

const OUTAGE_MS = 1_500
const PAUSE_MS = 2_500
const SPELL_MS = 1_200
const FUSE_WAYS_MAX = 40
const WALL_JUMP_MS = 3_600_000

type Strike = () => void

/** Whom it can strike. */
export interface Cast {
  readonly servers: readonly Server[]
  readonly clients: readonly ClientParty[]
}

export class Storm {
  readonly #world: Scene
  readonly #cast: Cast
  readonly #random: Random
  #isOver = false

  constructor(world: Scene, cast: Cast) {
    this.#world = world
    this.#cast = cast
    this.#random = world.random.fork('storm')
  }

  begin(): void {
    const strikes = this.#strikes()
    for (const [fault, meanMs] of this.#world.settings.faults) this.#repeat(meanMs, strikes[fault])
  }

  /** Nothing strikes any more, and all that is broken is whole again. */
  heal(): void {
    this.#isOver = true
    const { network, storage, settings, wall } = this.#world
    const { servers, clients } = this.#cast
    network.healAll()
    wall.settle()
    Object.assign(network.weather, { lateShare: 0, lateMs: 0 })
    const healthy = { slowShare: 0, lostShare: 0, unknownShare: 0, deafShare: 0, isFull: false }
    Object.assign(storage.health, healthy, { operationsMax: settings.operationsMax })
    for (const party of [...servers, ...clients]) party.process?.lightFuse(Infinity)
    for (const party of [...servers, ...clients]) party.process?.resume()
    // Two servers without a word between them would take the node from each other for ever.
    for (const [at, server] of servers.entries()) {
      if (at === 0) server.start()
      else server.retire()
    }
    for (const client of clients) client.start()
  }

  #strikes(): Record<Fault, Strike> {
    const { network, storage, wall } = this.#world
    const { weather } = network
    const { health } = storage
    return {
      serverKill: () => this.#killServer(false),
      serverMachineLoss: () => this.#killServer(true),
      serverFuse: () => this.#fuse(),
      serverStop: () => this.#stopServer(),
      serverPause: () => this.#pause(this.#server()?.process ?? null),
      clientKill: () => this.#killClient(false),
      clientMachineLoss: () => this.#killClient(true),
      clientPause: () => this.#pause(this.#client()?.process ?? null),
      reset: () => this.#say('reset', network.resetOne()),
      halfOpen: () => this.#say('half open', network.loseOne()),
      partition: () => this.#part(true),
      oneWayPartition: () => this.#part(false),
      slowNetwork: () =>
        this.#spell('slow network', weather, {
          worse: { lateShare: 0.2, lateMs: 1_500 },
          calm: { lateShare: 0, lateMs: 0 },
        }),
      slowStorage: () =>
        this.#spell('slow storage', health, {
          worse: { slowShare: 0.5, slowMs: 1_200 },
          calm: { slowShare: 0, slowMs: 0 },
        }),
      lostCommits: () =>
        this.#spell('lost commits', health, { worse: { lostShare: 0.2 }, calm: { lostShare: 0 } }),
      unknownCommits: () =>
        this.#spell('unknown commits', health, {
          worse: { unknownShare: 0.2 },
          calm: { unknownShare: 0 },
        }),
      deafStorage: () =>
        this.#spell('deaf storage', health, { worse: { deafShare: 0.3 }, calm: { deafShare: 0 } }),
      diskFull: () =>
        this.#spell('disk full', health, { worse: { isFull: true }, calm: { isFull: false } }),
      theft: () => void storage.steal(this.#world.path),
      wallJump: () => wall.jump(this.#random.between(-WALL_JUMP_MS, WALL_JUMP_MS)),
    }
  }

  #repeat(meanMs: number, strike: Strike): void {
    this.#world.schedule.after(this.#random.exponential(meanMs), () => {
      if (this.#isOver) return
      strike()
      this.#repeat(meanMs, strike)
    })
  }

  /** Makes something worse for a while. */
  #spell<T extends object>(
    name: string,
    thing: T,
    { worse, calm }: { readonly worse: Partial<T>; readonly calm: Partial<T> },
  ): void {
    this.#say(name, 'begins')
    Object.assign(thing, worse)
    this.#later(SPELL_MS, () => {
      this.#say(name, 'ends')
      Object.assign(thing, calm)
    })
  }

  #killServer(isMachineLost: boolean): void {
    const server = this.#server()
    if (server === undefined || !server.isUp) return
    server.kill(isMachineLost)
    this.#later(OUTAGE_MS, () => server.start())
  }

  /** Dies in the middle of something, soon. */
  #fuse(): void {
    const server = this.#server()
    const process = server?.process
    if (server === undefined || process === null || process === undefined) return
    process.onCrash(() => {
      this.#world.schedule.after(0, () => this.#world.network.died(process, false))
      this.#say(server.name, 'dies in the middle')
      this.#world.marks.reached('a server dies in the middle of something')
      this.#later(OUTAGE_MS, () => server.start())
    })
    process.lightFuse(1 + this.#random.below(FUSE_WAYS_MAX))
  }

  #stopServer(): void {
    const server = this.#server()
    if (server === undefined || !server.isUp) return
    server.stop()
    this.#later(OUTAGE_MS, () => server.start())
  }

  #killClient(isMachineLost: boolean): void {
    const client = this.#client()
    if (client === undefined || client.process === null) return
    client.kill(isMachineLost)
    this.#later(OUTAGE_MS, () => client.start())
  }

  #pause(process: Process | null): void {
    if (process === null || process.paused) return
    this.#say(process.name, 'is paused')
    process.pause()
    this.#world.schedule.after(this.#random.exponential(PAUSE_MS), () => {
      if (process.paused) this.#say(process.name, 'goes on')
      process.resume()
    })
  }

  #part(bothWays: boolean): void {
    const server = this.#server()
    const client = this.#client()
    if (server === undefined || client === undefined) return
    const { network } = this.#world
    const ways = bothWays || this.#random.chance(0.5) ? [[server.name, client.name]] : []
    if (bothWays || ways.length === 0) ways.push([client.name, server.name])
    for (const [from = '', to = ''] of ways) {
      this.#say(`${from} > ${to}`, 'is cut')
      network.block(from, to)
    }
    const resets = this.#random.chance(0.3)
    this.#later(PAUSE_MS, () => {
      for (const [from = '', to = ''] of ways) {
        this.#say(`${from} > ${to}`, 'is whole')
        network.unblock(from, to, resets)
      }
    })
  }

  #later(meanMs: number, act: () => void): void {
    this.#world.schedule.after(this.#random.exponential(meanMs), () => {
      if (!this.#isOver) act()
    })
  }

  #server(): Server | undefined {
    return this.#cast.servers[this.#random.below(this.#cast.servers.length)]
  }

  #client(): ClientParty | undefined {
    return this.#cast.clients[this.#random.below(this.#cast.clients.length)]
  }

  #say(what: string, how: string | null): void {
    if (how !== null) this.#world.trace.note('storm', `${what}: ${how}`)
  }
}
