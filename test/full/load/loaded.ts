/** A server for a load test: with one node, a probe for its memory and a canary beside the load. */
import { connect } from 'tenure'
import { ServerProcess } from '../../program.ts'
import { PROBED } from './memory.ts'
import { Canary } from './song.ts'

export const PATH = '/local/load'

export class Loaded implements AsyncDisposable {
  readonly server: ServerProcess
  readonly canary: Canary

  private constructor(server: ServerProcess, canary: Canary) {
    this.server = server
    this.canary = canary
  }

  static async start(): Promise<Loaded> {
    const server = await ServerProcess.start({ environment: PROBED })
    try {
      await using client = connect(server.address)
      await client.createNode(PATH)
      return new Loaded(server, await Canary.come(server, PATH))
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The value of a metric, whose name is given without `tenure_`. */
  async metric(name: string): Promise<number> {
    return (await this.server.metrics()).get(`tenure_${name}`) ?? Number.NaN
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.canary[Symbol.asyncDispose]()
    await this.server[Symbol.asyncDispose]()
  }
}
