/** The link over YDB's coordination protocol: to YDB clusters, and to Tenure's servers. */
import {
  ALTER_NODE,
  anyUnpack,
  CREATE_NODE,
  DESCRIBE_NODE,
  DESCRIBE_PATH,
  DescribeNodeResultSchema,
  type DescMessage,
  DROP_NODE,
  LIST_DIRECTORY,
  type MessageInitShape,
  type Method,
  type Operation,
} from '@tenure/protocol'
import {
  errorOf,
  NotFoundError,
  UnauthorizedError,
  UnavailableError,
  UnsupportedError,
} from '../../errors.ts'
import type { NodeConfig, NodeDescription } from '../../node.ts'
import type {
  Attachment,
  AttachmentListener,
  AttachRequest,
  Link,
  OperatorQuestion,
} from '../link.ts'
import { askedByOperator } from '../operator-words.ts'
import { YdbAttachment } from './attachment.ts'
import {
  absolutePath,
  askedOfNode,
  type Ground,
  groundOf,
  type LinkOptions,
} from '../grpc/ground.ts'
import { nodesBelow } from './listing.ts'
import { configMessageOf, configOf } from './nodes.ts'
import { isSuccess, nodeRefusalOf } from '../grpc/status.ts'
import { headersFor, unary } from '../grpc/unary.ts'

export class YdbLink implements Link {
  readonly address: string
  readonly #ground: Ground

  /**
   * Nothing is connected before it is needed.
   *
   * @param server an address, or what stands behind another link to it
   * @throws RangeError when the address has another form
   */
  constructor(server: string | Ground, options: LinkOptions = {}) {
    this.#ground = typeof server === 'string' ? groundOf(server, options) : server
    this.address = this.#ground.address
  }

  async createNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void> {
    const message = { path: this.#absolute(path), config: configMessageOf(config) }
    await this.#call(CREATE_NODE, message, { verb: 'create', path, signal })
  }

  async alterNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void> {
    const message = { path: this.#absolute(path), config: configMessageOf(config) }
    await this.#call(ALTER_NODE, message, { verb: 'alter', path, signal })
  }

  async describeNode(path: string, signal?: AbortSignal): Promise<NodeDescription> {
    const absolute = this.#absolute(path)
    const asking = { verb: 'describe', path, signal }
    const operation = await this.#call(DESCRIBE_NODE, { path: absolute }, asking)
    const result = operation.result && anyUnpack(operation.result, DescribeNodeResultSchema)
    if (result?.config === undefined) {
      throw new UnavailableError(`cannot describe node "${path}": the answer is empty`)
    }
    return { path: absolute, config: configOf(result.config) }
  }

  async dropNode(path: string, signal?: AbortSignal): Promise<void> {
    await this.#call(DROP_NODE, { path: this.#absolute(path) }, { verb: 'drop', path, signal })
  }

  async listNodes(prefix: string, signal?: AbortSignal): Promise<NodeDescription[]> {
    const look = async (method: Method, path: string): Promise<Operation | null> =>
      nullWhenAbsent(this.#call(method, { path }, { verb: 'list', path, signal }))
    const scheme = {
      describePath: (path: string) => look(DESCRIBE_PATH, path),
      listDirectory: (path: string) => look(LIST_DIRECTORY, path),
    }
    const start = prefix === '' ? this.#ground.database : this.#absolute(prefix)
    const described: NodeDescription[] = []
    for (const path of await nodesBelow(withoutEndSlash(start), scheme)) {
      const description = await nullWhenAbsent(this.describeNode(path, signal))
      if (description !== null) described.push(description)
    }
    return described
  }

  ask(path: string, question: OperatorQuestion): Promise<never> {
    const why =
      "YDB's protocol has no words for it; connect to a Tenure server over its own protocol"
    const message = `${askedByOperator(path, question)} at ${this.address}: ${why}`
    return Promise.reject(new UnsupportedError(message))
  }

  attach(request: AttachRequest, listener: AttachmentListener): Attachment {
    const path = this.#absolute(request.path)
    return new YdbAttachment(this.#ground, { ...request, path }, listener)
  }

  close(): Promise<void> {
    this.#ground.channels.close()
    return Promise.resolve()
  }

  #absolute(path: string): string {
    return absolutePath(this.#ground, path)
  }

  async #call<I extends DescMessage>(
    method: Method<I>,
    message: MessageInitShape<I>,
    { verb, path, signal }: { verb: string; path: string; signal: AbortSignal | undefined },
  ): Promise<Operation> {
    const { channels, database, tokens } = this.#ground
    const asked = askedOfNode(this.#ground, verb, path)
    const attempt = async (): Promise<Operation> => {
      const headers = headersFor(database, await tokens.get())
      const operation = await unary(channels, { method, message, headers, asked, signal })
      if (isSuccess(operation.status)) return operation
      throw errorOf(nodeRefusalOf(operation.status, operation.issues, verb === 'create'), asked)
    }
    try {
      return await attempt()
    } catch (error) {
      // A token that has run out gives way to a fresh one.
      if (error instanceof UnauthorizedError && tokens.forget()) return attempt()
      throw error
    }
  }
}

/** What was listed a moment ago may have been dropped since. */
async function nullWhenAbsent<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof NotFoundError) return null
    throw error
  }
}

function withoutEndSlash(path: string): string {
  return path.replace(/\/+$/, '')
}
