/**
 * The files that describe the services here.
 *
 * YDB's generated code describes messages only, so the files that describe its services are made from our table of methods.
 */
import {
  create,
  type DescFile,
  FileDescriptorProtoSchema,
  HEALTH_FILE,
  REFLECTION_FILE,
  toBinary,
  YDB_METHODS,
} from '@tenure/protocol'
import { TENURE_FILE } from '@tenure/protocol/tenure-v1'
import { methodOf, serviceOf } from './method-path.ts'

export interface DescribedFile {
  readonly name: string
  readonly bytes: Uint8Array
  /** Full names of what the file declares. */
  readonly symbols: readonly string[]
}

export function describeAll(): readonly DescribedFile[] {
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
  const services = new Set(YDB_METHODS.map(({ path }) => serviceOf(path)))
  return [...[...files.values()].map(describeFile), ...[...services].map(describeService)]
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
  const methods = YDB_METHODS.filter((method) => serviceOf(method.path) === service)
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
          name: methodOf(method.path),
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
