/** A built server on a folder of its own, started again and again on the same port. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mortal, Surroundings } from './deaths.ts'
import type { Exit } from '../program.ts'
import { BuiltServer, NotServing } from '../built-server.ts'

export class Victim implements Mortal, AsyncDisposable {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'tenure-victim-'))
  #listen = '127.0.0.1:0'
  #server: BuiltServer | null = null
  #exit: Promise<Exit> | null = null

  static async start(): Promise<Victim> {
    const victim = new Victim()
    await victim.start()
    return victim
  }

  get address(): string {
    return `grpc://${this.#listen}/local`
  }

  get exit(): Promise<Exit> {
    if (this.#exit === null) throw new Error('the server was never started')
    return this.#exit
  }

  async start({ inside = [], environment = {} }: Surroundings = {}): Promise<void> {
    const options = { under: inside, environment, listen: this.#listen }
    try {
      this.#server = await BuiltServer.start(this.#folder, options)
      this.#listen = this.#server.listen
      this.#exit = this.#server.exit
    } catch (error) {
      if (error instanceof NotServing) this.#exit = Promise.resolve(error.exit)
      throw error
    }
  }

  async end(signal: NodeJS.Signals): Promise<Exit> {
    if (this.#server === null) throw new Error('the server does not run')
    return this.#server.end(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.end('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
