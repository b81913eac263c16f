/** gRPC's health service: whether this server serves, asked once or watched. */
import {
  create,
  fromBinary,
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  ServingStatus,
  toBinary,
  frameOf,
} from '@tenure/protocol'
import type { GrpcCall } from './call.ts'
import { FrameReader } from './frames.ts'
import type { CallHandler } from './grpc-server.ts'
import { GRPC, GrpcError } from './status.ts'

const SERVICE = '/grpc.health.v1.Health'

export class Health {
  readonly #services: ReadonlySet<string>
  readonly #watchers = new Map<GrpcCall, string>()
  #isServing = true

  /** @param services full names; the empty name, which stands for the whole server, is always known */
  constructor(services: Iterable<string>) {
    this.#services = new Set(['', ...services])
  }

  get handlers(): ReadonlyMap<string, CallHandler> {
    return new Map<string, CallHandler>([
      [`${SERVICE}/Check`, (call) => this.#listen(call, (service) => this.#check(call, service))],
      [`${SERVICE}/Watch`, (call) => this.#listen(call, (service) => this.#watch(call, service))],
    ])
  }

  /** From here on the answer is "not serving"; whoever watches is told. */
  stop(): void {
    this.#isServing = false
    for (const [call, service] of this.#watchers) {
      call.write(this.#frame(service))
      call.end(GRPC.UNAVAILABLE, 'The server is stopping')
    }
    this.#watchers.clear()
  }

  /** Reads the one request of a call. */
  #listen(call: GrpcCall, requested: (service: string) => void): void {
    const reader = new FrameReader(call.header('grpc-encoding'))
    let isAsked = false
    call.observe({
      data(chunk) {
        try {
          reader.push(chunk)
          const message = reader.next()
          if (message === null) return
          if (isAsked) throw new GrpcError(GRPC.INTERNAL, 'More than one request')
          isAsked = true
          requested(serviceOf(message))
        } catch (error) {
          const isKnown = error instanceof GrpcError
          call.end(isKnown ? error.status : GRPC.INTERNAL, isKnown ? error.message : '')
        }
      },
      halfClosed() {
        if (!isAsked) call.end(GRPC.INTERNAL, 'No whole request has come')
      },
      closed: () => this.#watchers.delete(call),
    })
  }

  #check(call: GrpcCall, service: string): void {
    if (!this.#services.has(service)) throw new GrpcError(GRPC.NOT_FOUND, 'No such service')
    call.write(this.#frame(service))
    call.end(GRPC.OK)
  }

  #watch(call: GrpcCall, service: string): void {
    call.write(this.#frame(service))
    this.#watchers.set(call, service)
  }

  #frame(service: string): Buffer {
    return frameOf(
      toBinary(
        HealthCheckResponseSchema,
        create(HealthCheckResponseSchema, { status: this.#statusOf(service) }),
      ),
    )
  }

  #statusOf(service: string): ServingStatus {
    if (!this.#services.has(service)) return ServingStatus.SERVICE_UNKNOWN
    return this.#isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING
  }
}

function serviceOf(message: Uint8Array): string {
  try {
    return fromBinary(HealthCheckRequestSchema, message).service
  } catch {
    throw new GrpcError(GRPC.INVALID_ARGUMENT, 'request is no HealthCheckRequest')
  }
}
