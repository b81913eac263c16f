/** Runs one unary method: one message in, one message out. */
import { frameOf } from '@tenure/protocol'
import type { Clock } from '../clock.ts'
import { type Log, reasonOf } from '../log.ts'
import { FIRST_MESSAGE_MS } from '../services/limits.ts'
import { type UnaryMethod, UnreadableError } from '../services/unary.ts'
import type { GrpcCall } from './call.ts'
import { FrameReader } from './frames.ts'
import type { CallHandler } from './grpc-server.ts'
import { GRPC, GrpcError } from './status.ts'

export function unaryHandler(method: UnaryMethod, ports: { clock: Clock; log: Log }): CallHandler {
  return (call) => {
    const reader = new FrameReader(call.header('grpc-encoding'))
    const overdue = ports.clock.after(FIRST_MESSAGE_MS, () => {
      call.end(GRPC.DEADLINE_EXCEEDED, 'No request has come')
    })
    let request: Buffer | null = null
    call.observe({
      data(chunk) {
        try {
          reader.push(chunk)
          for (let message = reader.next(); message !== null; message = reader.next()) {
            if (request !== null) throw new GrpcError(GRPC.INTERNAL, 'More than one request')
            request = message
          }
        } catch (error) {
          fail(call, error, ports.log)
        }
      },
      halfClosed() {
        overdue.cancel()
        if (!call.isOpen) return
        if (request === null || !reader.isEmpty)
          call.end(GRPC.INTERNAL, 'No whole request has come')
        else void answer(method, call, { request, log: ports.log })
      },
      closed: () => overdue.cancel(),
    })
  }
}

async function answer(
  method: UnaryMethod,
  call: GrpcCall,
  { request, log }: { request: Buffer; log: Log },
): Promise<void> {
  try {
    call.write(frameOf(await method.answer(request, call.info)))
    call.end(GRPC.OK)
  } catch (error) {
    fail(call, error, log)
  }
}

function fail(call: GrpcCall, error: unknown, log: Log): void {
  if (error instanceof GrpcError) return call.end(error.status, error.message)
  if (error instanceof UnreadableError) return call.end(GRPC.INVALID_ARGUMENT, error.message)
  log.error('a call failed', { path: call.path, reason: reasonOf(error) })
  call.end(GRPC.INTERNAL, 'Internal error')
}
