/** What a connection asks outside of sessions: of nodes, of their operators' view, of what nodes there are. */
import type { CodeName, NodeAsk, NodeMessage, NodeQuestion, Reply } from '@tenure/protocol'
import { reasonOf } from '../../log.ts'
import type { Answer } from '../ask.ts'
import type { CallInfo, ServiceContext } from '../call.ts'
import { LISTED_NODES_MAX } from '../limits.ts'
import { askNode, noNodeText, type NotAsked } from '../node-question.ts'
import { canonicalPath } from '../paths.ts'
import { OVERLOADED_TEXT, UNAUTHORIZED_TEXT, UNAVAILABLE_TEXT } from '../status.ts'
import { refusal, replyOf } from './translation.ts'

/** Of these, what is not found is the node. */
const ABOUT_NODE: ReadonlySet<string> = new Set<NodeQuestion['kind']>([
  'alter-node',
  'drop-node',
  'describe-node',
  'configure-theme',
  'list-themes',
  'list-tasks',
])

const UNAVAILABLE = refusal('UNAVAILABLE', UNAVAILABLE_TEXT)
const OVERLOADED = refusal('OVERLOADED', OVERLOADED_TEXT)

/** Never rejects. */
export async function replyTo(
  context: ServiceContext,
  { path, question }: NodeAsk,
  call: CallInfo,
): Promise<Reply> {
  if (question.kind === 'list-nodes') return listNodes(context, path, call)
  const outcome = await askNode(context, { path, call, command: question })
  if (outcome.kind !== 'asked') {
    const isCreate = question.kind === 'create-node'
    return refusal(codeOf(outcome.kind, isCreate), outcome.message)
  }
  return replyOfAnswer(outcome.answer, { path: outcome.path, question })
}

function codeOf(why: NotAsked['kind'], isCreate: boolean): CodeName {
  if (why === 'unauthorized') return 'UNAUTHORIZED'
  if (why === 'malformed') return 'INVALID_ARGUMENT'
  return isCreate ? 'PRECONDITION_FAILED' : 'NOT_FOUND'
}

function replyOfAnswer(
  answer: Answer,
  { path, question }: { readonly path: string; readonly question: NodeQuestion },
): Reply {
  if (answer.kind === 'overloaded') return OVERLOADED
  if (answer.kind === 'unavailable') return UNAVAILABLE
  if (answer.kind === 'node-described') {
    return { kind: 'node-described', node: { path, config: answer.config } }
  }
  if (answer.kind === 'refused' && answer.code === 'NOT_FOUND' && ABOUT_NODE.has(question.kind)) {
    return refusal('NOT_FOUND', noNodeText(path))
  }
  return replyOf(answer) ?? UNAVAILABLE
}

/** The nodes at or below a prefix; empty or slashes alone stand for the whole database. */
async function listNodes(
  { host, log, database, accounts }: ServiceContext,
  prefix: string,
  call: CallInfo,
): Promise<Reply> {
  if (accounts.userOf(call.ticket) === null) return refusal('UNAUTHORIZED', UNAUTHORIZED_TEXT)
  const asked = /^\/*$/.test(prefix) ? database || '/' : prefix
  const canonical = canonicalPath(asked, database, call.database)
  if (canonical.kind === 'malformed') return refusal('INVALID_ARGUMENT', canonical.message)
  if (canonical.kind === 'outside') return refusal('NOT_FOUND', canonical.message)
  try {
    const paths = await host.list(canonical.kind === 'database' ? asked : canonical.path)
    if (paths.length > LISTED_NODES_MAX) {
      const message = `there are ${paths.length} nodes, at most ${LISTED_NODES_MAX} can be listed; ask for a part`
      return refusal('PRECONDITION_FAILED', message)
    }
    const nodes: NodeMessage[] = []
    for (const path of paths) {
      const config = await host.settings(path)
      // Dropped since it was listed.
      if (config !== null) nodes.push({ path, config })
    }
    return { kind: 'nodes-listed', nodes }
  } catch (error) {
    log.warn('the nodes could not be listed', { path: asked, reason: reasonOf(error) })
    return UNAVAILABLE
  }
}
