/**
 * The tree of subcommands, and what is the same for all of them: shared options, errors, exit codes.
 */
import { Command } from 'commander'
import { addConfig } from './config.ts'
import type { Action, CommonOptions, World } from './context.ts'
import { CommandContext } from './context.ts'
import { parseDuration } from './duration.ts'
import { addElect } from './elect.ts'
import { EXIT_DONE } from './exit-code.ts'
import { failureOf } from './failure.ts'
import { addKv } from './kv.ts'
import { addLock } from './lock.ts'
import { addMoving } from './moving.ts'
import { addNode } from './node.ts'
import { addRegistry } from './registry.ts'
import { addSemaphore, addWatch } from './semaphore.ts'
import { addSession } from './session.ts'
import type { Run } from './run.ts'
import { addServe } from './serve.ts'
import { addTruba } from './truba.ts'
import { ownVersion } from '../version.ts'
import { addWhy } from './why.ts'
import { addWork } from './work.ts'

/**
 * Does what the command line says.
 *
 * @param words the arguments after the program's name
 * @returns the exit code; nothing that can go wrong is thrown
 */
export async function runCommand(words: readonly string[], world: World): Promise<number> {
  let exitCode = EXIT_DONE
  const program = shell(world)
  const run: Run = <Options extends object>(command: Command, action: Action<Options>) => {
    command.action(async () => {
      const behindDashes = words.includes('--') ? words.length - words.indexOf('--') - 1 : 0
      const context = new CommandContext(world, program.opts<CommonOptions>(), behindDashes)
      exitCode = await action(context, command.opts<Options>(), operandsOf(command))
    })
  }
  for (const add of [
    addServe,
    addLock,
    addElect,
    addWork,
    addSemaphore,
    addWatch,
    addRegistry,
    addConfig,
    addKv,
    addTruba,
    addNode,
    addSession,
    addWhy,
    addMoving,
  ]) {
    add(program, run)
  }
  try {
    await program.parseAsync(words, { from: 'user' })
    return exitCode
  } catch (error) {
    const failure = failureOf(error)
    if (failure.message !== null) world.stderr.write(`tenure: ${failure.message}\n`)
    return failure.exitCode
  }
}

/** The arguments of a subcommand in one list: a variadic one is an array among them. */
function operandsOf(command: Command): readonly string[] {
  return command.processedArgs.flat().filter((word): word is string => typeof word === 'string')
}

function shell(world: World): Command {
  return configure(new Command('tenure'), world)
    .description(
      'Locks, leaders, registries, configuration, records and unfinished work that several processes share',
    )
    .version(ownVersion())
    .option(
      '-a, --address <url>',
      'the server: grpc://host:port/database, memory: or file:DIR (default: $TENURE_CONNECTION_STRING, $YDB_CONNECTION_STRING, grpc://127.0.0.1:2136/local)',
    )
    .option(
      '--path <path>',
      'the coordination node, made when it is absent (default: /local/tenure)',
    )
    .option(
      '--timeout <duration>',
      'how long the session outlives a silent process (default: 15s)',
      parseDuration,
    )
    .option('--json', 'print JSON, one line for each datum')
    .configureHelp({ showGlobalOptions: true })
}

function configure(command: Command, world: World): Command {
  return command.exitOverride().configureOutput({
    writeOut: (text) => world.stdout.write(text),
    writeErr: (text) => world.stderr.write(text),
  })
}
