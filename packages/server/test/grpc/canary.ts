/** A healthy session beside an abuser: it must never fail, and every answer must come within a second. */
import type { RunningServer } from '../../src/index.ts'
import { atEnd, connect } from './harness.ts'
import type { RawStream } from './raw-client.ts'

const SLOWEST_MS = 1_000

export class Canary {
  readonly #stream: RawStream
  #slowestMs = 0
  #asked = 0n
  #isOver = false

  static async beside(address: RunningServer['grpcAddress']): Promise<Canary> {
    const client = connect({ grpcAddress: address })
    return new Canary(await client.session())
  }

  private constructor(stream: RawStream) {
    this.#stream = stream
    atEnd(() => {
      this.#isOver = true
    })
  }

  /** Asks once, for something that takes a commit. @throws Error when it is not answered as it must be */
  async sings(): Promise<void> {
    const reqId = (this.#asked += 1n)
    const sentMs = performance.now()
    const value = { reqId, name: 'canary', count: 1n, ephemeral: true }
    this.#stream.send({ case: 'acquireSemaphore', value })
    const taken = await this.#stream.next('acquireSemaphoreResult')
    this.#stream.send({ case: 'releaseSemaphore', value: { reqId, name: 'canary' } })
    const left = await this.#stream.next('releaseSemaphoreResult')
    const isRight = taken.reqId === reqId && taken.acquired && left.reqId === reqId && left.released
    if (!isRight)
      throw new Error(`the canary was answered wrongly: ${taken.status}, ${left.status}`)
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - sentMs)
  }

  /** Asks again and again while `abuse` goes on, and once more behind it. @throws Error when an answer takes too long */
  async singsDuring(abuse: Promise<unknown>): Promise<void> {
    let goesOn = true
    const done = abuse.finally(() => {
      goesOn = false
    })
    while (goesOn && !this.#isOver) {
      await this.sings()
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    await done
    await this.sings()
    if (this.#slowestMs < SLOWEST_MS) return
    throw new Error(`the canary waited for ${Math.round(this.#slowestMs)} ms`)
  }
}
