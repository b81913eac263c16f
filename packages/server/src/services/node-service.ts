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
import { reasonOf } from '../log.ts'
import { type Answer, ask } from './ask.ts'
import type { CallInfo, ServiceContext } from './call.ts'
import { configOf, wireConfigOf } from './node-config.ts'
import { operation, operationWith } from './operation.ts'
import { canonicalPath } from './paths.ts'
import { OVERLOADED_TEXT, REFUSAL_STATUS, UNAUTHORIZED_TEXT, UNAVAILABLE_TEXT } from './status.ts'
import { type UnaryMethod, unaryMethod } from './unary.ts'

type Without<C> = C extends unknown ? Omit<C, 'stream' | 'requestId'> : never

interface Question {
  readonly path: string
  readonly command: Without<NodeCommand>
  readonly call: CallInfo
}

export function nodeMethods(context: ServiceContext): readonly UnaryMethod[] {
  const perform = async (question: Question): Promise<{ operation: Operation }> => ({
    operation: await new NodeOperation(context, question).run(),
  })
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

function pathInConfig(): Operation {
  return operation(STATUS.BAD_REQUEST, 'the path of a configuration cannot be set')
}

class NodeOperation {
  readonly #context: ServiceContext
  readonly #question: Question

  constructor(context: ServiceContext, question: Question) {
    this.#context = context
    this.#question = question
  }

  async run(): Promise<Operation> {
    const { database, accounts } = this.#context
    const { path, call } = this.#question
    if (accounts.userOf(call.ticket) === null) {
      return operation(STATUS.UNAUTHORIZED, UNAUTHORIZED_TEXT)
    }
    const canonical = canonicalPath(path, database, call.database)
    if (canonical.kind === 'path') return this.#runAt(canonical.path)
    const isWrong =
      canonical.kind === 'malformed' || (canonical.kind === 'outside' && this.#creates)
    return operation(isWrong ? STATUS.BAD_REQUEST : STATUS.SCHEME_ERROR, canonical.message)
  }

  get #creates(): boolean {
    return this.#question.command.kind === 'create-node'
  }

  async #runAt(path: string): Promise<Operation> {
    const { host, clock, log } = this.#context
    let answer: Answer
    try {
      const node = await host.node(path, { create: this.#creates })
      if (node === 'absent') return notFound(path)
      if (node === 'not-a-node') {
        return operation(STATUS.SCHEME_ERROR, `${path} is no coordination node`)
      }
      if (node === 'not-a-directory') {
        return operation(STATUS.SCHEME_ERROR, `a parent of ${path} is no directory`)
      }
      answer = await ask(node, { ...this.#question.command, requestId: 0n }, clock)
    } catch (error) {
      log.warn('a node could not be reached', { path, reason: reasonOf(error) })
      return operation(STATUS.UNAVAILABLE, UNAVAILABLE_TEXT)
    }
    return operationOf(answer, path)
  }
}

function notFound(path: string): Operation {
  return operation(STATUS.SCHEME_ERROR, `there is no coordination node ${path}`)
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
    if (answer.code === 'NOT_FOUND') return notFound(path)
    const status: StatusNumber = REFUSAL_STATUS[answer.code]
    return operation(status, answer.message)
  }
  if (answer.kind === 'overloaded') return operation(STATUS.OVERLOADED, OVERLOADED_TEXT)
  return operation(STATUS.UNAVAILABLE, UNAVAILABLE_TEXT)
}
