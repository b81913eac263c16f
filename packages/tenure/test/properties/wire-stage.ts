/** Programs on a real server over gRPC, in real time: each behind a proxy of its own, which breaks its connection. */
import { type Client, connectServer, type ProtocolChoice, type Session } from '@tenure/client'
import { openMemoryEngine } from '@tenure/engine/memory'
import { type RunningServer, startServer } from '@tenure/server'
import { Proxy } from '../../../../test/proxy.ts'
import { Books, furnish } from './books.ts'
import type { Model } from './model.ts'
import { Program } from './program.ts'
import type { Fault, Stage } from './stage.ts'

const PATH = '/local/wire'
const PROGRAMS_AT_FIRST = 2
const POLL_MS = 1
/** By when what is asked has been done, on a machine that has other work too. */
const PATIENCE_MS = 3_000

type Connect = (host: string) => Client

export class WireStage implements Stage {
  readonly programs: Program[] = []
  readonly nowMs = 0
  readonly #server: RunningServer
  readonly #observer: Session
  readonly #books = new Books()
  readonly #clients: Client[]
  readonly #connect: Connect
  readonly #proxies: Proxy[] = []

  private constructor(
    server: RunningServer,
    { client, observer, connect }: { client: Client; observer: Session; connect: Connect },
  ) {
    this.#server = server
    this.#observer = observer
    this.#connect = connect
    this.#clients = [client]
  }

  static async begin(model: Model, protocol: ProtocolChoice): Promise<WireStage> {
    const connect = (host: string): Client => connectServer(`grpc://${host}/local`, { protocol })
    const listen = { host: '127.0.0.1', port: 0 }
    const server = await startServer({ engine: openMemoryEngine(), listen, http: null })
    const client = connect(`127.0.0.1:${server.grpcAddress.port}`)
    const observer = await client.openSession(PATH, { createNode: true })
    await furnish(model, observer)
    const stage = new WireStage(server, { client, observer, connect })
    for (let program = 0; program < PROGRAMS_AT_FIRST; program += 1) {
      model.open()
      await stage.join()
    }
    return stage
  }

  async join(): Promise<void> {
    const proxy = await Proxy.open(this.#server.grpcAddress.port)
    this.#proxies.push(proxy)
    const client = this.#connect(proxy.host)
    this.#clients.push(client)
    this.programs.push(new Program(await client.openSession(PATH)))
  }

  spoil(): Promise<void> {
    return Promise.resolve()
  }

  async mend(fault: Fault, program: number): Promise<void> {
    const [session, proxy] = [this.programs[program]?.session, this.#proxies[program]]
    if (fault !== 'breaks' || session === undefined || proxy === undefined) return
    const { accepted } = proxy
    proxy.drop()
    // Who has closed his session may not come back.
    await until(() => proxy.accepted > accepted || session.signal.aborted)
    await until(() => session.state !== 'recovering')
  }

  /** What was asked is done some time after it was asked: until then something else may be seen. */
  async verify(model: Model): Promise<void> {
    const endMs = performance.now() + PATIENCE_MS
    for (;;) {
      try {
        await this.#books.verify(model, { programs: this.programs, observer: this.#observer })
        return
      } catch (error) {
        if (performance.now() > endMs) throw error
      }
      await pause()
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
    for (const program of this.programs) program.verifyEnd()
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]()
    await this.#server.stop()
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause()
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, POLL_MS)
  })
}
