/** `tenure node …`: coordination nodes, the places in which names live. */
import type { NodeConfig, NodeDescription } from '@tenure/client'
import type { Command } from 'commander'
import { Option } from 'commander'
import type { CommandContext } from './context.ts'
import { parseDuration } from './duration.ts'
import type { JsonValue } from './output.ts'
import type { Run } from './run.ts'

interface ConfigOptions {
  readonly selfCheckPeriod?: number
  readonly sessionGracePeriod?: number
  readonly readConsistency?: 'strict' | 'relaxed'
  readonly attachConsistency?: 'strict' | 'relaxed'
}

export function addNode(program: Command, run: Run): void {
  const node = program.command('node').description('work with coordination nodes')
  run<ConfigOptions>(
    addConfigOptions(
      node
        .command('create')
        .description('make a node; one that exists stays as it is')
        .argument('<path>', 'such as /local/app'),
    ),
    create,
  )
  run<ConfigOptions>(
    addConfigOptions(
      node.command('alter').description('change the settings that are given').argument('<path>'),
    ),
    alter,
  )
  run(node.command('describe').description('show its settings').argument('<path>'), describe)
  run(
    node.command('drop').description('delete a node with everything in it').argument('<path>'),
    drop,
  )
  run(
    node.command('list').description('show the nodes at or below a path').argument('[prefix]'),
    list,
  )
}

function addConfigOptions(command: Command): Command {
  const modes = ['strict', 'relaxed']
  return command
    .option('--self-check-period <duration>', '500ms to 10s', parseDuration)
    .option(
      '--session-grace-period <duration>',
      'how much longer sessions live after a restart of the server, up to 30s',
      parseDuration,
    )
    .addOption(new Option('--read-consistency <mode>').choices(modes))
    .addOption(new Option('--attach-consistency <mode>').choices(modes))
}

function configOf(options: ConfigOptions): NodeConfig {
  const { selfCheckPeriod, sessionGracePeriod, readConsistency, attachConsistency } = options
  return {
    ...(selfCheckPeriod === undefined ? {} : { selfCheckPeriodMs: selfCheckPeriod }),
    ...(sessionGracePeriod === undefined ? {} : { sessionGracePeriodMs: sessionGracePeriod }),
    ...(readConsistency === undefined ? {} : { readConsistency }),
    ...(attachConsistency === undefined ? {} : { attachConsistency }),
  }
}

function create(
  context: CommandContext,
  options: ConfigOptions,
  [path = '']: readonly string[],
): Promise<number> {
  return context.withClient(async (client) => {
    await client.createNode(path, configOf(options), context.signal)
    context.output.datum({ path }, `${path} exists`)
    return 0
  })
}

function alter(
  context: CommandContext,
  options: ConfigOptions,
  [path = '']: readonly string[],
): Promise<number> {
  return context.withClient(async (client) => {
    await client.alterNode(path, configOf(options), context.signal)
    context.output.datum({ path }, `altered ${path}`)
    return 0
  })
}

function describe(
  context: CommandContext,
  _options: object,
  [path = '']: readonly string[],
): Promise<number> {
  return context.withClient(async (client) => {
    const described = await client.describeNode(path, context.signal)
    context.output.datum(nodeFields(described), nodeText(described))
    return 0
  })
}

function drop(
  context: CommandContext,
  _options: object,
  [path = '']: readonly string[],
): Promise<number> {
  return context.withClient(async (client) => {
    await client.dropNode(path, context.signal)
    context.output.datum({ path }, `dropped ${path}`)
    return 0
  })
}

function list(
  context: CommandContext,
  _options: object,
  [prefix]: readonly string[],
): Promise<number> {
  return context.withClient(async (client) => {
    for (const described of await client.listNodes(prefix, context.signal)) {
      context.output.datum(nodeFields(described), described.path)
    }
    return 0
  })
}

function nodeFields({ path, config }: NodeDescription): JsonValue {
  return { path, config: { ...config } }
}

function nodeText({ path, config }: NodeDescription): string {
  const settings = Object.entries(config).map(([name, value]) => `  ${name}: ${value}`)
  return [path, ...(settings.length === 0 ? ['  all settings at their defaults'] : settings)].join(
    '\n',
  )
}
