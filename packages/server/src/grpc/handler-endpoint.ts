/** Handlers that speak gRPC, behind one host and port: one connection, a call for each hand-out. */
import type { Clock } from '../clock.ts'
import type { Endpoint, EndpointAddress, Errand, Verdict } from '../services/delivery/endpoint.ts'
import { failed, unreachable } from '../services/delivery/endpoint.ts'
import { HandlerConnection } from './handler-connection.ts'

export class GrpcHandlerEndpoint implements Endpoint {
  readonly #address: EndpointAddress
  readonly #clock: Clock
  readonly #connection: HandlerConnection

  constructor(address: EndpointAddress, clock: Clock) {
    this.#address = address
    this.#clock = clock
    this.#connection = new HandlerConnection(address.url, clock)
  }

  async carry(errand: Errand): Promise<Verdict> {
    const { clock, authority } = { clock: this.#clock, authority: this.#address.url.host }
    try {
      const { HandlerCall } = await import('./handler-call.ts')
      const session = await this.#connection.session()
      if (errand.signal.aborted) return failed('called off')
      return await new HandlerCall(errand, { session, authority, clock }).run()
    } catch (error) {
      return unreachable(this.#address, error)
    }
  }

  async reach(): Promise<boolean> {
    try {
      await this.#connection.session()
      return true
    } catch {
      return false
    }
  }

  close(): void {
    this.#connection.close()
  }
}
