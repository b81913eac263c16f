/** One question to the coordination node at a path, and what came of it: the same over every protocol. */
import { UnreachedError } from '../host/unreached.ts'
import { reasonOf } from '../log.ts'
import type { StreamCommand } from '../tablet/stream.ts'
import { type Answer, ask } from './ask.ts'
import type { CallInfo, ServiceContext } from './call.ts'
import { UNARY_PATIENCE_MS } from './limits.ts'
import { canonicalPath } from './paths.ts'
import { Patience } from './patience.ts'
import { UNAUTHORIZED_TEXT } from './status.ts'

type Without<C> = C extends unknown ? Omit<C, 'requestId'> : never

export interface NodeQuestion {
  readonly path: string
  readonly command: Without<StreamCommand>
  readonly call: CallInfo
}

/** Why no node was asked. */
export interface NotAsked {
  /** `misplaced`: no node can be there, or there is none. */
  readonly kind: 'unauthorized' | 'malformed' | 'misplaced'
  readonly message: string
}

/**
 * What came back, with the canonical path; or why nothing was asked. Never rejects.
 *
 * While the node moves it is looked for again, as long as nothing that was asked can have been done.
 */
export async function askNode(
  context: ServiceContext,
  { path, call, command }: NodeQuestion,
): Promise<NotAsked | { readonly kind: 'asked'; readonly path: string; readonly answer: Answer }> {
  const { accounts, database } = context
  if (accounts.userOf(call.ticket) === null) {
    return { kind: 'unauthorized', message: UNAUTHORIZED_TEXT }
  }
  const canonical = canonicalPath(path, database, call.database)
  if (canonical.kind === 'path') return askAt(context, canonical.path, command)
  const isWrong =
    canonical.kind === 'malformed' ||
    (canonical.kind === 'outside' && command.kind === 'create-node')
  return { kind: isWrong ? 'malformed' : 'misplaced', message: canonical.message }
}

export function noNodeText(path: string): string {
  return `there is no coordination node ${path}`
}

async function askAt(
  context: ServiceContext,
  path: string,
  command: NodeQuestion['command'],
): ReturnType<typeof askNode> {
  const patience = new Patience(context, UNARY_PATIENCE_MS)
  for (;;) {
    const outcome = await askOnce(context, path, command)
    const isUndone = outcome.kind === 'asked' && isUnreached(outcome.answer)
    if (!isUndone) return outcome
    if (await patience.pause()) continue
    context.log.warn('a node was not reached', { path, forMs: UNARY_PATIENCE_MS })
    return outcome
  }
}

/** The node is being moved, and has not done what it was asked. */
function isUnreached(answer: Answer): boolean {
  return answer.kind === 'unavailable' && !answer.mayBeDone
}

async function askOnce(
  { host, clock, log }: ServiceContext,
  path: string,
  command: NodeQuestion['command'],
): ReturnType<typeof askNode> {
  try {
    const node = await host.node(path, { create: command.kind === 'create-node' })
    if (node === 'absent') return { kind: 'misplaced', message: noNodeText(path) }
    if (node === 'not-a-node') {
      return { kind: 'misplaced', message: `${path} is no coordination node` }
    }
    if (node === 'not-a-directory') {
      return { kind: 'misplaced', message: `a parent of ${path} is no directory` }
    }
    const answer = await ask(node, { ...command, requestId: 0n }, clock)
    return { kind: 'asked', path, answer }
  } catch (error) {
    const mayBeDone = !(error instanceof UnreachedError)
    if (mayBeDone) log.warn('a node could not be reached', { path, reason: reasonOf(error) })
    return { kind: 'asked', path, answer: { kind: 'unavailable', mayBeDone } }
  }
}
