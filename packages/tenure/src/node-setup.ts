/** Coordination nodes as a server's configuration wants them: there, with these themes. */
import type { ThemeOptions } from '@tenure/client'
import type { Answer, HostContract, HostedNode, ThemeConfig } from '@tenure/server'
import { ask, canonicalDatabase, canonicalPath, parseEndpoint, systemClock } from '@tenure/server'
import { NodeSetupError } from './node-setup-error.ts'

export interface NodeSetup {
  /** Absolute, below the server's database. */
  readonly path: string
  /** By number, as a program gives them to `pipe.configure`. Others that the node has stay as they are. */
  readonly themes: Readonly<Record<number, ThemeOptions>>
}

/** A theme that was not so before. */
export interface ThemeChange {
  readonly path: string
  readonly theme: number
}

const NO_SETTINGS = {
  selfCheckPeriodMs: 0,
  sessionGracePeriodMs: 0,
  readConsistency: 'unset',
  attachConsistency: 'unset',
  rateLimiterCounters: 'unset',
} as const

/**
 * Makes nodes that are absent, and configures each theme that differs. What is as it should be costs no write.
 *
 * @throws RangeError for what can be no path or no handler, before anything is done; NodeSetupError for the first node that could
 *   not be set up: those before it are
 */
export async function setUpNodes(
  { host, database }: { readonly host: HostContract; readonly database: string },
  nodes: readonly NodeSetup[],
): Promise<readonly ThemeChange[]> {
  const wanted = nodes.map(({ path, themes }) => ({
    path: pathOf(path, canonicalDatabase(database)),
    configs: Object.entries(themes).map(([theme, options]) => configOf(theme, options)),
  }))
  const changes: ThemeChange[] = []
  for (const { path, configs } of wanted) {
    const node = await nodeAt(host, path)
    const present = await themesOf(node)
    for (const config of configs) {
      if (isSame(config, present.get(config.theme))) continue
      expectKind(
        node,
        await ask(node, { kind: 'configure-theme', requestId: 0n, config }, systemClock),
        'done',
      )
      changes.push({ path, theme: config.theme })
    }
  }
  return changes
}

function pathOf(path: string, database: string): string {
  const found = canonicalPath(path, database, database)
  if (found.kind === 'path') return found.path
  throw new RangeError(`"${path}" is no path of a coordination node: ${found.message}`)
}

async function nodeAt(host: HostContract, path: string): Promise<HostedNode> {
  const present = await host.node(path, { create: false })
  if (typeof present !== 'string') return present
  const node = await host.node(path, { create: true })
  if (typeof node === 'string') {
    const why = node === 'not-a-node' ? 'there are nodes below it' : 'a node lies above it'
    throw new NodeSetupError(`${path} cannot be a coordination node: ${why}`)
  }
  const create = { kind: 'create-node', requestId: 0n, config: NO_SETTINGS } as const
  expectKind(node, await ask(node, create, systemClock), 'done')
  return node
}

async function themesOf(node: HostedNode): Promise<ReadonlyMap<number, ThemeConfig>> {
  const answer = await ask(node, { kind: 'list-themes', requestId: 0n }, systemClock)
  const { themes } = expectKind(node, answer, 'themes-listed')
  return new Map(themes.map(({ config }) => [config.theme, config]))
}

const UNBOUNDED = 0xffff_ffff

/** With what `pipe.configure` takes for what is absent. */
function configOf(theme: string, options: ThemeOptions): ThemeConfig {
  const { handler = '', maxRepeats = Infinity } = options
  if (handler !== '' && parseEndpoint(handler) === null) {
    throw new RangeError(`the handler of theme ${theme} is no address: ${handler}`)
  }
  return {
    theme: Number(theme),
    name: options.name ?? '',
    handler,
    handlerSeconds: options.handlerSeconds ?? 60,
    delaySeconds: options.delaySeconds ?? 10,
    jitterSeconds: options.jitterSeconds ?? 0,
    concurrency: options.concurrency ?? 16,
    repeatsMax: maxRepeats === Infinity ? UNBOUNDED : maxRepeats,
    taskBytesMax: options.maxBytes ?? 67_108_864,
  }
}

function isSame(config: ThemeConfig, present: ThemeConfig | undefined): boolean {
  if (present === undefined) return false
  return FIELDS.every((field) => config[field] === present[field])
}

const FIELDS = [
  'name',
  'handler',
  'handlerSeconds',
  'delaySeconds',
  'jitterSeconds',
  'concurrency',
  'repeatsMax',
  'taskBytesMax',
] as const satisfies readonly (keyof ThemeConfig)[]

function expectKind<K extends Answer['kind']>(
  { path }: HostedNode,
  answer: Answer,
  kind: K,
): Extract<Answer, { kind: K }> {
  if (isKind(answer, kind)) return answer
  const why = answer.kind === 'refused' ? `${answer.code}: ${answer.message}` : answer.kind
  throw new NodeSetupError(`node ${path} could not be set up: ${why}`)
}

function isKind<K extends Answer['kind']>(
  answer: Answer,
  kind: K,
): answer is Extract<Answer, { kind: K }> {
  return answer.kind === kind
}
