/**
 * One TCP connection between two processes: each way keeps its order, and what is held up arrives later, or never.
 */
import type { Process } from '../machine/process.ts'
import type { Schedule } from '../machine/schedule.ts'
import type { Frame } from './frame.ts'

/** What a process does with a connection of its own. Called as input of that process. */
export interface Party {
  receive(frame: Frame): void
  /** Nothing more comes or goes. */
  closed(): void
}

/** What the network decides for each packet. */
export interface Way {
  /** How long the next packet is on its way. */
  latencyMs(): number
  /** Whether nothing passes in this direction at present. */
  isBlocked(from: string, to: string): boolean
}

type Packet = { readonly kind: 'frame'; readonly frame: Frame } | { readonly kind: 'close' }

/** One end: what its process sends goes to the other. */
export class End {
  readonly process: Process
  readonly #connection: Connection
  party: Party | null = null
  /** This end knows that the connection is over. */
  isClosed = false
  /** Packets to this end that are held up. */
  readonly held: Packet[] = []
  /** When the latest packet to this end arrives: none overtakes it. */
  latestMs = 0

  constructor(process: Process, connection: Connection) {
    this.process = process
    this.#connection = connection
  }

  get isOpen(): boolean {
    return !this.isClosed && this.process.alive
  }

  send(frame: Frame): void {
    this.process.touch()
    if (this.isOpen) this.#connection.carry(this, { kind: 'frame', frame })
  }

  close(): void {
    this.process.touch()
    if (!this.isOpen) return
    this.isClosed = true
    this.#connection.carry(this, { kind: 'close' })
  }
}

export class Connection {
  readonly client: End
  readonly server: End
  readonly #schedule: Schedule
  readonly #way: Way
  readonly #isListening: () => boolean
  /** The path carries nothing any more, and nobody is told. */
  isLost = false

  /** @param isListening whether the server's process still takes what comes to its address */
  constructor(
    ends: { readonly client: Process; readonly server: Process },
    ports: { readonly schedule: Schedule; readonly way: Way; isListening(): boolean },
  ) {
    this.client = new End(ends.client, this)
    this.server = new End(ends.server, this)
    this.#schedule = ports.schedule
    this.#way = ports.way
    this.#isListening = () => ports.isListening()
  }

  /** Both ends are told that the connection is over; what was on its way is lost. */
  reset(): void {
    for (const end of [this.client, this.server]) {
      end.held.length = 0
      this.#schedule.after(this.#way.latencyMs(), () => this.#close(end))
    }
    this.isLost = true
  }

  /** A process is gone: its machine says so after all that it had sent, unless the machine itself is gone. */
  abandoned(end: End, isMachineLost: boolean): void {
    if (isMachineLost) this.isLost = true
    else if (!end.isClosed) this.carry(end, { kind: 'close' })
  }

  carry(from: End, packet: Packet): void {
    if (this.isLost) return
    const to = from === this.client ? this.server : this.client
    if (to.held.length > 0 || this.#way.isBlocked(from.process.name, to.process.name)) {
      to.held.push(packet)
      return
    }
    this.#launch(to, packet)
  }

  /** Sends on what was held up, where the way is free. */
  release(): void {
    if (this.isLost) return
    for (const [from, to] of [
      [this.client, this.server],
      [this.server, this.client],
    ] as const) {
      if (this.#way.isBlocked(from.process.name, to.process.name)) continue
      for (const packet of to.held.splice(0)) this.#launch(to, packet)
    }
  }

  /** Something waits for its way to be free. */
  get isHeldUp(): boolean {
    return !this.isLost && this.client.held.length + this.server.held.length > 0
  }

  get isOver(): boolean {
    return !this.client.isOpen && !this.server.isOpen
  }

  #launch(to: End, packet: Packet): void {
    to.latestMs = Math.max(to.latestMs, this.#schedule.nowMs + this.#way.latencyMs())
    this.#schedule.at(to.latestMs, () => this.#arrive(to, packet))
  }

  #arrive(to: End, packet: Packet): void {
    if (this.isLost) return
    if (!to.process.alive || (to === this.server && !this.#isListening())) {
      // Nobody is there: the machine answers with a reset.
      if (packet.kind === 'frame') this.carry(to, { kind: 'close' })
      return
    }
    if (packet.kind === 'close') this.#close(to)
    else {
      to.process.input(() => {
        if (!to.isClosed) to.party?.receive(packet.frame)
      })
    }
  }

  #close(end: End): void {
    end.process.input(() => {
      if (end.isClosed) return
      end.isClosed = true
      end.party?.closed()
    })
  }
}
