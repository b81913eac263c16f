/** `tenure serve`: the options. What it does is loaded only when it is asked for: other subcommands need no server. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { DEFAULT_DATABASE, DEFAULT_HTTP, DEFAULT_LISTEN } from '../address.ts'
import { LOG_FORMATS } from '../log-format.ts'
import type { Run } from './run.ts'
import type { ServeCommandOptions } from './serve-options.ts'

export function addServe(program: Command, run: Run): void {
  const command = program
    .command('serve')
    .description('run a server')
    .option(
      '--config <file>',
      'a file with these options and the themes of coordination nodes (default: $TENURE_CONFIG, else none)',
    )
    .option('--data <dir>', 'keep everything in this directory')
    .option(
      '--engine <url>',
      'where to keep everything: memory:, file:DIR, etcd://HOSTS/PREFIX or postgres://HOSTS/DATABASE (default: memory:)',
    )
    .option('--allow-unsafe-engine', 'use an engine whose settings may lose what was acknowledged')
    .option('--listen <host:port>', `for clients (default: ${DEFAULT_LISTEN})`)
    .option(
      '--http <host:port>',
      `for health, metrics and the status page (default: ${DEFAULT_HTTP})`,
    )
    .option('--database <path>', `what all paths begin with (default: ${DEFAULT_DATABASE})`)
    .option(
      '--advertise <host:port>',
      'where other servers on the same engine, and clients, reach this one (default: where it listens)',
    )
    .option(
      '--notice <duration>',
      'when another server of the cluster has died or is silent for so long, its nodes go to the others (default: 5s)',
    )
    .option(
      '--insecure',
      'listen on an address that others can reach, although nobody is asked who they are',
    )
    .option('--users <file>', 'a JSON object of names and passwords; who logs in is served')
    .addOption(
      new Option(
        '--log-format <format>',
        'of the log on stderr (default: json, or text on a terminal)',
      ).choices(LOG_FORMATS),
    )
    .addHelpText(
      'after',
      '\nINT, TERM, HUP or QUIT: answers what it has accepted, lets sessions live on in the data, and ends with 0. A second one ends it at once. With a configuration file HUP reads that again instead.',
    )
  run<ServeCommandOptions>(command, async (context, options) => {
    const { serveUntilStopped } = await import('./serving.ts')
    return serveUntilStopped(context, options)
  })
}
