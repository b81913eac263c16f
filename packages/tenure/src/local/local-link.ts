/**
 * The link to a server in this process: messages are objects, nothing becomes bytes.
 */
import type {
  AttachRequest,
  Attachment,
  AttachmentListener,
  Clock,
  Link,
  NodeConfig,
  NodeDescription,
  OperatorAnswer,
  OperatorQuestion,
  Refusal,
  RefusalCode,
} from '@tenure/client'
import { askedByOperator, TenureError, errorOf } from '@tenure/client'
import type {
  Event,
  HostContract,
  HostedNode,
  PathRefusal,
  StreamCommand,
  TabletStream,
} from '@tenure/server'
import { LocalAttachment } from './local-attachment.ts'
import { isOperatorEvent, operatorAnswerOf } from './operator-translation.ts'
import { failureOf } from './refusal.ts'
import { questionOf } from './task-translation.ts'
import { configOf, storedConfigOf } from './translation.ts'
import type { WorldUse } from './world.ts'

type Without<C, K extends PropertyKey> = C extends unknown ? Omit<C, K> : never
type NodeCommand = Without<
  Extract<
    StreamCommand,
    {
      kind: 'create-node' | 'alter-node' | 'drop-node' | 'describe-node'
    }
  >,
  'requestId'
>

const ASKED = {
  'create-node': 'create',
  'alter-node': 'alter',
  'drop-node': 'drop',
  'describe-node': 'describe',
} as const satisfies Record<NodeCommand['kind'], string>

export class LocalLink implements Link {
  readonly address: string
  readonly #use: WorldUse
  readonly #clock: Clock

  /** @param use is released when the link closes */
  constructor(address: string, use: WorldUse, clock: Clock) {
    this.address = address
    this.#use = use
    this.#clock = clock
  }

  async createNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void> {
    await this.#ask(path, { kind: 'create-node', config: storedConfigOf(config) }, signal)
  }

  async alterNode(path: string, config: NodeConfig, signal?: AbortSignal): Promise<void> {
    await this.#ask(path, { kind: 'alter-node', config: storedConfigOf(config) }, signal)
  }

  async describeNode(path: string, signal?: AbortSignal): Promise<NodeDescription> {
    const { path: canonical, event } = await this.#ask(path, { kind: 'describe-node' }, signal)
    const config = event.kind === 'node-described' ? configOf(event.config) : {}
    return { path: canonical, config }
  }

  async dropNode(path: string, signal?: AbortSignal): Promise<void> {
    await this.#ask(path, { kind: 'drop-node' }, signal)
  }

  async listNodes(prefix: string, signal?: AbortSignal): Promise<NodeDescription[]> {
    const described: NodeDescription[] = []
    for (const path of await this.#list(prefix, signal)) {
      try {
        described.push(await this.describeNode(path, signal))
      } catch (error) {
        // Dropped since it was listed.
        if (!(error instanceof TenureError && error.code === 'NOT_FOUND')) throw error
      }
    }
    return described
  }

  async ask(
    path: string,
    question: OperatorQuestion,
    signal?: AbortSignal,
  ): Promise<OperatorAnswer> {
    const { event } = await this.#ask(path, questionOf(question), signal)
    if (isOperatorEvent(event)) return operatorAnswerOf(event)
    throw new Error(`a ${question.kind} was answered with ${event.kind}`)
  }

  attach(request: AttachRequest, listener: AttachmentListener): Attachment {
    const attachment = new LocalAttachment(request, listener, this.#clock)
    void this.#begin(attachment, request.path)
    return attachment
  }

  async close(): Promise<void> {
    await this.#use.release()
  }

  async #begin(attachment: LocalAttachment, path: string): Promise<void> {
    try {
      const host = await this.#use.host
      attachment.begin(await host.node(path, { create: false }))
    } catch (error) {
      attachment.fail(error)
    }
  }

  /** @throws TenureError when the world could not begin */
  async #host(asked: string, signal: AbortSignal | undefined): Promise<HostContract> {
    signal?.throwIfAborted()
    try {
      const host = await this.#use.host
      signal?.throwIfAborted()
      return host
    } catch (error) {
      signal?.throwIfAborted()
      throw failureOf(error, asked)
    }
  }

  async #list(prefix: string, signal: AbortSignal | undefined): Promise<string[]> {
    const asked = `cannot list the coordination nodes below ${prefix}`
    const host = await this.#host(asked, signal)
    try {
      return await host.list(prefix)
    } catch (error) {
      throw failureOf(error, asked)
    }
  }

  async #node(
    path: string,
    { asked, create }: { asked: string; create: boolean },
    signal: AbortSignal | undefined,
  ): Promise<HostedNode | PathRefusal> {
    const host = await this.#host(asked, signal)
    try {
      return await host.node(path, { create })
    } catch (error) {
      throw failureOf(error, asked)
    }
  }

  /** One question on a stream of its own. */
  async #ask(
    path: string,
    command: NodeCommand | OperatorQuestion,
    signal: AbortSignal | undefined,
  ): Promise<{ path: string; event: Event }> {
    const asked = isNodeCommand(command)
      ? `cannot ${ASKED[command.kind]} the coordination node ${path}`
      : askedByOperator(path, command)
    const node = await this.#node(path, { asked, create: command.kind === 'create-node' }, signal)
    if (typeof node === 'string') throw errorOf(refusalOfPath(node), asked)
    const answer = await answerTo(node, command, signal)
    if (answer.kind === 'refused') throw errorOf(answer, asked)
    return { path: node.path, event: answer }
  }
}

function isNodeCommand(command: NodeCommand | OperatorQuestion): command is NodeCommand {
  return command.kind in ASKED
}

/** What the node says to one command, on a stream of its own. Rejects only with the reason of `signal`. */
async function answerTo(
  node: HostedNode,
  command: NodeCommand | OperatorQuestion,
  signal: AbortSignal | undefined,
): Promise<Event | Refusal> {
  let abort: (() => void) | undefined
  let stream: TabletStream | undefined
  try {
    return await new Promise<Event | Refusal>((resolve, reject) => {
      abort = () => reject(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
      const refuse = (code: RefusalCode, message: string): void =>
        resolve({ kind: 'refused', code, message })
      stream = node.connect({
        deliver: ([first]) => {
          if (first !== undefined) resolve(first)
        },
        overloaded: () => refuse('OVERLOADED', 'too many requests wait already'),
        ended: (why) => refuse('UNAVAILABLE', `the node has ${why}`),
      })
      stream.submit({ ...command, requestId: 1n })
    })
  } finally {
    if (abort !== undefined) signal?.removeEventListener('abort', abort)
    stream?.close()
  }
}

function refusalOfPath(why: PathRefusal): Refusal {
  switch (why) {
    case 'absent':
      return { kind: 'refused', code: 'NOT_FOUND', message: 'there is no such node' }
    case 'not-a-node':
      return { kind: 'refused', code: 'NOT_FOUND', message: 'there is a directory of that name' }
    case 'not-a-directory':
    default:
      return {
        kind: 'refused',
        code: 'INVALID_ARGUMENT',
        message: 'a part of the path is a coordination node',
      }
  }
}
