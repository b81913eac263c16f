/** Everything that one run consists of, put together from its seed. */
import { Storm } from './faults.ts'
import { Judge } from './judge/judge.ts'
import { WallClock } from './machine/clocks.ts'
import { Schedule } from './machine/schedule.ts'
import { Storage } from './machine/storage.ts'
import { Network } from './network/network.ts'
import { ClientParty, protocolOf } from './parties/client.ts'
import { Server } from './parties/server.ts'
import { auditor } from './programs/auditor.ts'
import { cast, NAMES } from './programs/cast.ts'
import { founder } from './programs/founder.ts'
import type { Program } from './programs/program.ts'
import { Random } from './random.ts'
import { Marks } from './report/marks.ts'
import { Trace } from './report/trace.ts'
import type { Scene } from './scene.ts'
import { type Settings, settingsOf } from './settings.ts'

const SERVER_LETTERS = 'ab'
const PATH = '/local/storm'
/** What the clock on the wall shows when the run begins. */
const WALL_MS = 1_700_000_000_000

export class World implements Scene {
  readonly path: string = PATH
  readonly random: Random
  readonly settings: Settings
  readonly schedule: Schedule = new Schedule()
  readonly trace: Trace
  readonly marks: Marks = new Marks()
  readonly wall: WallClock
  readonly judge: Judge
  readonly network: Network
  readonly storage: Storage
  readonly servers: readonly Server[]
  readonly clients: readonly ClientParty[]
  readonly #storm: Storm
  readonly #founder: ClientParty
  readonly #auditor: ClientParty
  #ticks = 0
  #serials = 0
  #isHealed = false
  #isDone = false
  #quietSinceMs: number | null = null

  /** @param keepsTrace whether the lines of the trace are wanted, or only its hash */
  constructor(seed: number, keepsTrace: boolean) {
    this.random = new Random(seed)
    this.settings = settingsOf(this.random.fork('settings'))
    this.trace = new Trace(this.schedule, keepsTrace)
    this.wall = new WallClock(this.schedule, WALL_MS, {
      jumping: (byMs) => this.judge.tasks.jumping(byMs),
      jumped: () => this.judge.tasks.times.jumped(),
    })
    this.judge = new Judge(this, this.wall)
    this.network = new Network(this.schedule, {
      random: this.random.fork('network'),
      marks: this.marks,
    })
    this.storage = new Storage({
      schedule: this.schedule,
      random: this.random.fork('storage'),
      marks: this.marks,
      claimed: (_partition, owner) => {
        this.trace.note('storage', `is claimed by ${owner.id}`)
        this.judge.sessions.claimed(owner.id)
        this.judge.tasks.claimed()
      },
      written: (process, writes) => this.judge.written(process, writes),
    })
    const { operationsMax, coldMs } = this.settings
    Object.assign(this.storage.health, { operationsMax, coldMs })
    this.servers = this.#makeServers()
    this.clients = this.#makeClients()
    this.#founder = this.#makeGuest('founder', founder(this.settings))
    this.#auditor = this.#makeGuest('auditor', auditor(NAMES, this.settings))
    this.#storm = new Storm(this, this)
  }

  /** No fault strikes any more. */
  get isHealed(): boolean {
    return this.#isHealed
  }

  /** For how long nobody has changed anything any more. */
  get quietForMs(): number {
    return this.#quietSinceMs === null ? 0 : this.schedule.nowMs - this.#quietSinceMs
  }

  /** Moments of the run, each later than the one before. */
  nextTick(): number {
    return (this.#ticks += 1)
  }

  nextSerial(): number {
    return (this.#serials += 1)
  }

  begin(): void {
    this.judge.beliefs.begin()
    this.judge.tasks.begin()
    for (const server of this.servers) server.start()
    this.#founder.start()
  }

  /** The node is there: the others come, and the storm begins. */
  founded(): void {
    for (const client of this.clients) client.start()
    this.#storm.begin()
    this.schedule.after(this.settings.stormMs, () => {
      this.trace.note('storm', 'is over')
      this.#storm.heal()
      this.#isHealed = true
    })
  }

  /** Whether every program has gone through a healed world well, and the auditor has looked. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** A program has gone through a healed world well. */
  finished(): void {
    for (const client of this.clients) client.leaveWhenDone()
    const unfinished = this.unfinished
    if (this.#quietSinceMs === null && unfinished.every(({ waitsForQuiet }) => waitsForQuiet)) {
      this.#quietSinceMs = this.schedule.nowMs
    }
    if (unfinished.length > 0) return
    const [audit] = this.#auditor.desks
    if (audit === undefined) this.#auditor.start()
    else this.#isDone = audit.isDone
  }

  get unfinished(): readonly ClientParty['desks'][number][] {
    return this.clients.flatMap(({ desks }) => desks.filter(({ isDone }) => !isDone))
  }

  #makeServers(): readonly Server[] {
    const { servers, clockRates, lagMs, oldServers } = this.settings
    return Array.from({ length: servers }, (_, at) => {
      const rate = clockRates[at] ?? 1
      const letter = SERVER_LETTERS[at] ?? ''
      const speaksOwn = !oldServers.has(at)
      const place = { name: `server-${letter}`, address: `${letter}:1`, rate, lagMs }
      return new Server(this, { ...place, speaksOwn })
    })
  }

  /** Somebody who comes for one thing, in fine weather. */
  #makeGuest(name: string, program: Program): ClientParty {
    const servers = this.servers[0]?.address ?? ''
    const random = this.random.fork(`protocol of ${name}`)
    const protocol = program.needsOwnProtocol === true ? 'own' : protocolOf(random)
    return new ClientParty(this, {
      name,
      servers,
      protocol,
      rate: 1,
      lagMs: 0,
      programs: [program],
    })
  }

  #makeClients(): readonly ClientParty[] {
    const { clockRates, lagMs } = this.settings
    const random = this.random.fork('cast')
    const addresses = this.servers.map(({ address }) => address)
    return cast(random, this.settings).map((programs, at) => {
      const rate = clockRates[(at + 2) % clockRates.length] ?? 1
      const servers = (random.chance(0.5) ? addresses : addresses.toReversed()).join(',')
      const protocol = programs.some(({ needsOwnProtocol }) => needsOwnProtocol === true)
        ? 'own'
        : protocolOf(random)
      const way = { name: `client-${at + 1}`, servers, protocol } as const
      return new ClientParty(this, { ...way, rate, lagMs, programs })
    })
  }
}
