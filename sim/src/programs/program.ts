/**
 * What a client process does: a program goes round and round, through whatever errors the storm makes, until the world has
 * been healed and one whole round has gone well after that.
 */
import {
  type Client,
  type Link,
  type Pipe,
  type Session,
  type Storage,
  TenureError,
} from '@tenure/client'
import type { Process } from '../machine/process.ts'
import type { Random } from '../random.ts'
import type { Scene } from '../scene.ts'

export interface Program {
  readonly name: string
  /** It looks at what others do, and is done after them. */
  readonly waitsForQuiet?: boolean
  /** Only servers of Tenure's own protocol have what it works with. */
  readonly needsOwnProtocol?: boolean
  /** One round. Errors of the product that programs have to expect may be thrown. */
  round(desk: Desk): Promise<void>
}

export interface DeskOptions {
  readonly world: Scene
  readonly process: Process
  readonly client: Client
  /** Of the client. */
  readonly link: Link
  readonly program: Program
  readonly random: Random
  readonly writer: string
}

/** After an error a program waits a little, as programs should. */
const PAUSE_MS = 200
/** A client that is not answered gives a close up a little later. */
const CLOSE_GIVEN_UP_MS = 1_900
/** How many rounds end with the session closed, in the middle of the storm. */
const LEAVE_SHARE = 0.1
const IMPATIENT = 'the program waits no longer'

/** One program in one process: what it works with. */
export class Desk {
  readonly world: Scene
  readonly process: Process
  readonly client: Client
  /** For who speaks to servers as no client library would. */
  readonly link: Link
  readonly random: Random
  readonly name: string
  /** Names the process in what it writes: unlike any other, also of its own earlier lives. */
  readonly writer: string
  readonly #program: Program
  #isDone = false
  #session: Session | null = null

  constructor({ world, process, client, link, program, random, writer }: DeskOptions) {
    this.world = world
    this.process = process
    this.client = client
    this.link = link
    this.random = random
    this.name = `${process.name}/${program.name}`
    this.writer = writer
    this.#program = program
  }

  /** Whether a whole round has gone well since the world was healed, and the session was closed. */
  get isDone(): boolean {
    return this.#isDone
  }

  get waitsForQuiet(): boolean {
    return this.#program.waitsForQuiet ?? false
  }

  work(): void {
    this.#work().catch((error: unknown) => this.world.judge.broke(this.name, error))
  }

  /** The program's session, opened anew when the one before is over. */
  async session(): Promise<Session> {
    const present = this.#session
    if (present !== null && !present.signal.aborted) return present
    const { settings, path } = this.world
    const timeout = this.random.pick(settings.sessionTimeoutsMs)
    const session = await this.client.openSession(path, { timeout, createNode: true })
    this.#session = session
    this.world.judge.sessions.opened(this.process, session, timeout)
    return session
  }

  /** The records of the node. */
  storage(): Storage {
    return this.client.storage(this.world.path)
  }

  /** The session log of the node. */
  pipe(): Pipe {
    return this.client.pipe(this.world.path)
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.process.after(ms, () => {
        this.world.judge.beliefs.awake(this.process)
        resolve()
      })
    })
  }

  /** Aborts after `ms`. */
  timeout(ms: number): AbortSignal {
    const controller = new AbortController()
    this.process.after(ms, () => controller.abort(this.impatience()))
    return controller.signal
  }

  note(text: string): void {
    this.world.trace.note(this.name, text)
  }

  async #work(): Promise<void> {
    while (!this.#isDone) {
      const isHealed = this.world.isHealed
      try {
        await this.#program.round(this)
        if (isHealed) await this.#finish()
        else if (this.random.chance(LEAVE_SHARE)) await this.#leave()
      } catch (error) {
        if (!this.#expects(error)) throw error
        this.note(`meets ${error instanceof TenureError ? error.code : 'its own abort'}`)
        await this.sleep(this.random.fraction() * PAUSE_MS)
      }
    }
  }

  async #leave(): Promise<void> {
    const session = this.#session
    if (session !== null) await this.closing(session)
  }

  async #finish(): Promise<void> {
    await this.#leave()
    this.#isDone = true
    this.note('is done')
    this.world.finished()
  }

  /** Closes a session, and says so to the judge. */
  async closing(session: Session): Promise<void> {
    const { sessions } = this.world.judge
    const { state } = session
    const isAttached = state === 'attached'
    if (state === 'recovering') this.world.marks.reached('a close in the middle of a recovery')
    sessions.closing(session.id)
    const isConfirmed = await this.#confirms(session.close())
    if (!isConfirmed) this.world.marks.reached('a close that is given up')
    if (isAttached && isConfirmed) sessions.closed(session.id)
    if (this.#session === session) this.#session = null
  }

  /** Whether a close ended before the client had to give it up. */
  async #confirms(closing: Promise<void>): Promise<boolean> {
    const startedMs = this.world.schedule.nowMs
    await closing
    return this.world.schedule.nowMs - startedMs < CLOSE_GIVEN_UP_MS
  }

  impatience(): Error {
    return new Error(IMPATIENT)
  }

  /** Whether this is what `timeout` aborts with. */
  isImpatience(error: unknown): boolean {
    return error instanceof Error && error.message === IMPATIENT
  }

  #expects(error: unknown): boolean {
    return error instanceof TenureError ? error.code !== 'INTERNAL' : this.isImpatience(error)
  }
}
