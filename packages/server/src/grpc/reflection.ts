/**
 * gRPC's reflection: which services there are and what their messages look like.
 *
 * The descriptions take long to make, so they are made when somebody asks for the first time.
 */
import {
  CONNECT_PATH,
  create,
  frameOf,
  fromBinary,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
  toBinary,
  YDB_METHODS,
} from '@tenure/protocol'
import type { GrpcCall } from './call.ts'
import { FrameReader } from './frames.ts'
import type { CallHandler } from './grpc-server.ts'
import { serviceOf } from './method-path.ts'
import type { DescribedFile } from './reflection-files.ts'
import { GRPC, GrpcError } from './status.ts'

const HEALTH_SERVICE = 'grpc.health.v1.Health'
const REFLECTION_SERVICES = [
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
]

/** Full names of what clients may ask the health of. */
export const SERVICE_NAMES: readonly string[] = [
  ...new Set(YDB_METHODS.map(({ path }) => serviceOf(path))),
  serviceOf(CONNECT_PATH),
  HEALTH_SERVICE,
]

type Reply = ServerReflectionResponse['messageResponse']

export function reflectionHandlers(): Array<[string, CallHandler]> {
  let files: Promise<readonly DescribedFile[]> | null = null
  const handler: CallHandler = (call) => listen(call, (files ??= describe()))
  return REFLECTION_SERVICES.map((service) => [`/${service}/ServerReflectionInfo`, handler])
}

async function describe(): Promise<readonly DescribedFile[]> {
  const { describeAll } = await import('./reflection-files.ts')
  return describeAll()
}

function listen(call: GrpcCall, described: Promise<readonly DescribedFile[]>): void {
  const reader = new FrameReader(call.header('grpc-encoding'))
  const hear = (chunk: Buffer, files: readonly DescribedFile[]): void => {
    try {
      reader.push(chunk)
      for (let message = reader.next(); message !== null; message = reader.next()) {
        call.write(frameOf(answer(fromBinary(ServerReflectionRequestSchema, message), files)))
      }
    } catch (error) {
      const isKnown = error instanceof GrpcError
      const text = isKnown ? error.message : 'request is no ServerReflectionRequest'
      call.end(isKnown ? error.status : GRPC.INVALID_ARGUMENT, text)
    }
  }
  call.observe({
    data: (chunk) => void described.then((files) => hear(chunk, files)),
    halfClosed: () => void described.then(() => call.end(GRPC.OK)),
    closed() {},
  })
}

function answer(request: ServerReflectionRequest, files: readonly DescribedFile[]): Uint8Array {
  const response = create(ServerReflectionResponseSchema, {
    validHost: request.host,
    originalRequest: request,
  })
  response.messageResponse = replyTo(request, files)
  return toBinary(ServerReflectionResponseSchema, response)
}

function replyTo(
  { messageRequest }: ServerReflectionRequest,
  files: readonly DescribedFile[],
): Reply {
  if (messageRequest.case === 'listServices') return servicesReply()
  if (messageRequest.case === 'fileByFilename') {
    return fileReply(files.find((file) => file.name === messageRequest.value))
  }
  if (messageRequest.case === 'fileContainingSymbol') {
    return fileReply(files.find((file) => declares(file, messageRequest.value)))
  }
  return errorReply(GRPC.UNIMPLEMENTED, 'There are no extensions here')
}

/** A method's name counts as declared with its service. */
function declares(file: DescribedFile, symbol: string): boolean {
  return file.symbols.some((name) => symbol === name || symbol.startsWith(`${name}.`))
}

function servicesReply(): Reply {
  const names = [...SERVICE_NAMES, ...REFLECTION_SERVICES]
  const init = { listServicesResponse: { service: names.map((name) => ({ name })) } }
  return create(ServerReflectionResponseSchema, {
    messageResponse: { case: 'listServicesResponse', value: init.listServicesResponse },
  }).messageResponse
}

function fileReply(file: DescribedFile | undefined): Reply {
  if (file === undefined) return errorReply(GRPC.NOT_FOUND, 'Not found')
  return create(ServerReflectionResponseSchema, {
    messageResponse: {
      case: 'fileDescriptorResponse',
      value: { fileDescriptorProto: [file.bytes] },
    },
  }).messageResponse
}

function errorReply(errorCode: number, errorMessage: string): Reply {
  return create(ServerReflectionResponseSchema, {
    messageResponse: { case: 'errorResponse', value: { errorCode, errorMessage } },
  }).messageResponse
}
