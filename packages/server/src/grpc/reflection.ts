/**
 * gRPC's reflection: which services there are and what their messages look like.
 *
 * YDB's generated code describes messages only, so the files that describe its services are made from our table of methods.
 */
import {
  create,
  type DescFile,
  FileDescriptorProtoSchema,
  fromBinary,
  HEALTH_FILE,
  REFLECTION_FILE,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
  TENURE_FILE,
  toBinary,
  YDB_METHODS,
  frameOf,
} from '@tenure/protocol'
import type { GrpcCall } from './call.ts'
import { FrameReader } from './frames.ts'
import type { CallHandler } from './grpc-server.ts'
import { GRPC, GrpcError } from './status.ts'

const HEALTH_SERVICE = 'grpc.health.v1.Health'
const REFLECTION_SERVICES = [
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
]

/** Full names of YDB's services here. */
const YDB_SERVICES = [...new Set(YDB_METHODS.map((method) => serviceAndMethod(method.path)[0]))]

/** Full names of what clients may ask the health of. */
export const SERVICE_NAMES: readonly string[] = [
  ...YDB_SERVICES,
  ...TENURE_FILE.services.map((service) => service.typeName),
  HEALTH_SERVICE,
]

interface DescribedFile {
  readonly name: string
  readonly bytes: Uint8Array
  /** Full names of what the file declares. */
  readonly symbols: readonly string[]
}

type Reply = ServerReflectionResponse['messageResponse']

export function reflectionHandlers(): Array<[string, CallHandler]> {
  const files = describeAll()
  const handler: CallHandler = (call) => listen(call, files)
  return REFLECTION_SERVICES.map((service) => [`/${service}/ServerReflectionInfo`, handler])
}

function listen(call: GrpcCall, files: readonly DescribedFile[]): void {
  const reader = new FrameReader(call.header('grpc-encoding'))
  call.observe({
    data(chunk) {
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
    },
    halfClosed: () => call.end(GRPC.OK),
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

function describeAll(): DescribedFile[] {
  const files = new Map<string, DescFile>()
  const collect = (file: DescFile): void => {
    if (files.has(file.name)) return
    files.set(file.name, file)
    file.dependencies.forEach(collect)
  }
  collect(HEALTH_FILE)
  collect(REFLECTION_FILE)
  collect(TENURE_FILE)
  for (const method of YDB_METHODS) collect(method.input.file)
  return [...[...files.values()].map(describeFile), ...YDB_SERVICES.map(describeService)]
}

function describeFile(file: DescFile): DescribedFile {
  const declared = [...file.messages, ...file.enums, ...file.services]
  return {
    name: file.proto.name,
    bytes: toBinary(FileDescriptorProtoSchema, file.proto),
    symbols: declared.map((one) => one.typeName),
  }
}

/** The file that would declare one of YDB's services. */
function describeService(service: string): DescribedFile {
  const methods = YDB_METHODS.filter((method) => serviceAndMethod(method.path)[0] === service)
  const dot = service.lastIndexOf('.')
  const name = `${service.replaceAll('.', '/')}.proto`
  const file = create(FileDescriptorProtoSchema, {
    name,
    package: service.slice(0, dot),
    syntax: 'proto3',
    dependency: [...new Set(methods.map((method) => method.input.file.proto.name))],
    service: [
      {
        name: service.slice(dot + 1),
        method: methods.map((method) => ({
          name: serviceAndMethod(method.path)[1],
          inputType: `.${method.input.typeName}`,
          outputType: `.${method.output.typeName}`,
          clientStreaming: method.streaming,
          serverStreaming: method.streaming,
        })),
      },
    ],
  })
  return { name, bytes: toBinary(FileDescriptorProtoSchema, file), symbols: [service] }
}

function serviceAndMethod(path: string): [service: string, method: string] {
  const [, service = '', method = ''] = path.split('/')
  return [service, method]
}
