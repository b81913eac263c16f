/** `tenure truba list|show|requeue|drop`: what people see of tasks, and decide about them. */
import type { ListTasksOptions } from '@tenure/client'
import type { Command } from 'commander'
import { Option } from 'commander'
import type { CommandContext } from './context.ts'
import { EXIT_DONE } from './exit-code.ts'
import type { Run } from './run.ts'
import { shownFields, shownText, taskFields, taskText } from './truba-output.ts'
import { parseSeconds, parseWhole } from './truba-words.ts'

interface RequeueCommandOptions {
  readonly delay?: number
}

export function addTaskList(truba: Command, run: Run): void {
  run<ListTasksOptions>(
    truba
      .command('list')
      .description(
        'show tasks: active, then stored in the order in which they come back, then dead',
      )
      .addOption(new Option('--state <state>', 'only these').choices(['active', 'stored', 'dead']))
      .option('--theme <theme>', 'only this one', parseWhole)
      .option('--limit <n>', 'so many at most', parseWhole),
    list,
  )
  run(truba.command('show').description('show a task with its records').argument('<id>'), show)
  run<RequeueCommandOptions>(
    truba
      .command('requeue')
      .description('let a dead task come back, its hand-outs forgotten; or a stored one sooner')
      .argument('<id>')
      .option('--delay <duration>', 'until it comes back (default: at once)', parseSeconds),
    requeue,
  )
  run(
    truba
      .command('drop')
      .description('delete a stored or dead task, though its work is not finished')
      .argument('<id>'),
    drop,
  )
}

function list(context: CommandContext, options: ListTasksOptions): Promise<number> {
  const { output, signal } = context
  return context.withPipe(async (pipe) => {
    for await (const task of pipe.list(options, signal)) {
      output.datum(taskFields(task), taskText(task))
      await output.taken(signal)
    }
    return EXIT_DONE
  })
}

function show(
  context: CommandContext,
  _options: object,
  [id = '']: readonly string[],
): Promise<number> {
  return context.withPipe(async (pipe) => {
    const task = await pipe.show(id, context.signal)
    context.output.datum(shownFields(task), shownText(task))
    return EXIT_DONE
  })
}

function requeue(
  context: CommandContext,
  { delay = 0 }: RequeueCommandOptions,
  [id = '']: readonly string[],
): Promise<number> {
  return context.withPipe(async (pipe) => {
    await pipe.requeue(id, { delaySeconds: delay }, context.signal)
    context.output.datum({ id }, `requeued ${id}`)
    return EXIT_DONE
  })
}

function drop(
  context: CommandContext,
  _options: object,
  [id = '']: readonly string[],
): Promise<number> {
  return context.withPipe(async (pipe) => {
    await pipe.drop(id, context.signal)
    context.output.datum({ id }, `dropped ${id}`)
    return EXIT_DONE
  })
}
