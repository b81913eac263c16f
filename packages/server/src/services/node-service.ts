/** Creates, alters, drops and describes coordination nodes. */
import type { NodeCommand } from '@tenure/kernel'
import {
  ALTER_NODE,
  CREATE_NODE,
  DESCRIBE_NODE,
  DescribeNodeResultSchema,
  DROP_NODE,
  EntryType,
  type Operation,
  STATUS,
  type StatusNumber,
} from '@tenure/protocol'
import type { Answer } from './ask.ts'
import type { CallInfo, ServiceContext } from './call.ts'
import { configOf, wireConfigOf } from './node-config.ts'
import { askNode, noNodeText, type NotAsked } from './node-question.ts'
import { operation, operationWith } from './operation.ts'
import { OVERLOADED_TEXT, REFUSAL_STATUS, UNAVAILABLE_TEXT } from './status.ts'
import { type UnaryMethod, unaryMethod } from './unary.ts'

type Without<C> = C extends unknown ? Omit<C, 'stream' | 'requestId'> : never

interface Question {
  readonly path: string
  readonly command: Without<NodeCommand>
  readonly call: CallInfo
}

export function nodeMethods(context: ServiceContext): readonly UnaryMethod[] {
  const perform = async (question: Question): Promise<{ operation: Operation }> => {
    const asked = await askNode(context, question)
    if (asked.kind === 'asked') return { operation: operationOf(asked.answer, asked.path) }
    return { operation: operation(NOT_ASKED_STATUS[asked.kind], asked.message) }
  }
  return [
    unaryMethod(CREATE_NODE, async ({ path, config }, call) => {
      if (config !== undefined && config.path !== '') return { operation: pathInConfig() }
      return perform({ path, call, command: { kind: 'create-node', config: configOf(config) } })
    }),
    unaryMethod(ALTER_NODE, async ({ path, config }, call) => {
      if (config !== undefined && config.path !== '') return { operation: pathInConfig() }
      return perform({ path, call, command: { kind: 'alter-node', config: configOf(config) } })
    }),
    unaryMethod(DROP_NODE, async ({ path }, call) =>
      perform({ path, call, command: { kind: 'drop-node' } }),
    ),
    unaryMethod(DESCRIBE_NODE, async ({ path }, call) =>
      perform({ path, call, command: { kind: 'describe-node' } }),
    ),
  ]
}

const NOT_ASKED_STATUS: Readonly<Record<NotAsked['kind'], StatusNumber>> = {
  unauthorized: STATUS.UNAUTHORIZED,
  malformed: STATUS.BAD_REQUEST,
  misplaced: STATUS.SCHEME_ERROR,
}

function pathInConfig(): Operation {
  return operation(STATUS.BAD_REQUEST, 'the path of a configuration cannot be set')
}

function operationOf(answer: Answer, path: string): Operation {
  if (answer.kind === 'done') return operation(STATUS.SUCCESS)
  if (answer.kind === 'node-described') {
    return operationWith(DescribeNodeResultSchema, {
      self: { name: path.slice(path.lastIndexOf('/') + 1), type: EntryType.COORDINATION_NODE },
      config: wireConfigOf(answer.config),
    })
  }
  if (answer.kind === 'refused') {
    if (answer.code === 'NOT_FOUND') return operation(STATUS.SCHEME_ERROR, noNodeText(path))
    const status: StatusNumber = REFUSAL_STATUS[answer.code]
    return operation(status, answer.message)
  }
  if (answer.kind === 'overloaded') return operation(STATUS.OVERLOADED, OVERLOADED_TEXT)
  return operation(STATUS.UNAVAILABLE, UNAVAILABLE_TEXT)
}
