/** The link over Tenure's own protocol: one connection to each server for all sessions and questions of a client. */
import type { NodeQuestion } from '@tenure/protocol'
import { InternalError, UnauthorizedError } from '../../errors.ts'
import type { NodeConfig, NodeDescription } from '../../node.ts'
import {
  absolutePath,
  askedOfNode,
  type Ground,
  groundOf,
  type LinkOptions,
} from '../grpc/ground.ts'
import type {
  Attachment,
  AttachmentListener,
  AttachRequest,
  Link,
  OperatorAnswer,
  OperatorQuestion,
} from '../link.ts'
import { askedByOperator } from '../operator-words.ts'
import { DirectedAttachment } from './directed-attachment.ts'
import { nodeOf, settingsOf } from './nodes.ts'
import { put, type Said } from './question.ts'
import { Roads } from './roads.ts'

interface Asking {
  /** What is asked, for messages. */
  readonly asked: string
  readonly signal: AbortSignal | undefined
}

export class TenureLink implements Link {
  readonly address: string
  readonly #ground: Ground
  readonly #roads: Roads
  #isSpoken = true

  /**
   * Nothing is connected before it is needed.
   *
   * @param server an address, or what stands behind another link to it
   * @throws RangeError when the address has another form
   */
  constructor(server: string | Ground, options: LinkOptions = {}) {
    this.#ground = typeof server === 'string' ? groundOf(server, options) : server
    this.address = this.#ground.address
    this.#roads = new Roads(this.#ground, () => {
      this.#isSpoken = false
    })
  }

  /** False once a server of the address has turned out not to speak this protocol. */
  get isSpoken(): boolean {
    return this.#isSpoken
  }

  async createNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void> {
    const question = { kind: 'create-node', config: settingsOf(config) } as const
    await this.#askNode('create', path, question, signal)
  }

  async alterNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void> {
    const question = { kind: 'alter-node', config: settingsOf(config) } as const
    await this.#askNode('alter', path, question, signal)
  }

  async describeNode(path: string, signal?: AbortSignal): Promise<NodeDescription> {
    const said = await this.#askNode('describe', path, { kind: 'describe-node' }, signal)
    if (said.kind === 'node-described') return nodeOf(said.node)
    throw unexpected(askedOfNode(this.#ground, 'describe', path), said)
  }

  async dropNode(path: string, signal?: AbortSignal): Promise<void> {
    await this.#askNode('drop', path, { kind: 'drop-node' }, signal)
  }

  async listNodes(prefix: string, signal?: AbortSignal): Promise<NodeDescription[]> {
    const start = prefix === '' ? this.#ground.database : absolutePath(this.#ground, prefix)
    const folder = start.replace(/\/+$/, '')
    const asking = { asked: askedOfNode(this.#ground, 'list', prefix), signal }
    const said = await this.#ask(folder, { kind: 'list-nodes' }, asking)
    if (said.kind !== 'nodes-listed') throw unexpected(asking.asked, said)
    // The server compares letters: `/local/app` also finds `/local/apple`.
    const isBelow = (path: string): boolean => path === folder || path.startsWith(`${folder}/`)
    return said.nodes.filter(({ path }) => isBelow(path)).map(nodeOf)
  }

  async ask(
    path: string,
    question: OperatorQuestion,
    signal?: AbortSignal,
  ): Promise<OperatorAnswer> {
    const asked = `${askedByOperator(path, question)} at ${this.address}`
    const said = await this.#ask(absolutePath(this.#ground, path), question, { asked, signal })
    if (isOperatorAnswer(said)) return said
    throw unexpected(asked, said)
  }

  attach(request: AttachRequest, listener: AttachmentListener): Attachment {
    const ground = { clock: this.#ground.clock, roads: this.#roads }
    const path = absolutePath(this.#ground, request.path)
    return new DirectedAttachment(ground, { ...request, path }, listener)
  }

  close(): Promise<void> {
    this.#roads.retire()
    return Promise.resolve()
  }

  #askNode(
    verb: string,
    path: string,
    question: NodeQuestion,
    signal: AbortSignal | undefined,
  ): Promise<Said> {
    const asked = askedOfNode(this.#ground, verb, path)
    return this.#ask(absolutePath(this.#ground, path), question, { asked, signal })
  }

  async #ask(path: string, question: NodeQuestion, asking: Asking): Promise<Said> {
    const { clock } = this.#ground
    const connection = this.#roads.home()
    try {
      return await put({ clock, connection, path, question, ...asking })
    } catch (error) {
      // A token that has run out gives way to a fresh one.
      if (!(error instanceof UnauthorizedError && connection.renewsToken())) throw error
    }
    return put({ clock, connection: this.#roads.home(), path, question, ...asking })
  }
}

const OPERATOR_ANSWERS: ReadonlySet<Said['kind']> = new Set<OperatorAnswer['kind']>([
  'token-checked',
  'sessions-listed',
  'semaphore-explained',
  'themes-listed',
  'tasks-listed',
  'task-shown',
  'done',
])

function isOperatorAnswer(said: Said): said is OperatorAnswer {
  return OPERATOR_ANSWERS.has(said.kind)
}

/** The server is at fault. */
function unexpected(asked: string, { kind }: Said): InternalError {
  return new InternalError(`${asked}: the server has answered with ${kind}`)
}
