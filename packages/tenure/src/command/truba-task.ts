/** `tenure truba append|replace|store|delete`: takes one task in hand, whether it is due or not. */
import type { HandOut, Task } from '@tenure/client'
import type { Command } from 'commander'
import type { Action, CommandContext } from './context.ts'
import { EXIT_DONE } from './exit-code.ts'
import type { FrameOptions } from './record-frames.ts'
import { recordsOf } from './record-frames.ts'
import type { Run } from './run.ts'
import { counted } from './truba-output.ts'
import { delayOption } from './truba-words.ts'

interface ChangeOptions extends FrameOptions {
  readonly delay?: number
}

const AFTER = `
The task is taken from where it waits, which counts as a hand-out, and goes back there with its delay begun anew. One that somebody
drives cannot be taken. A dead task that is stored stays dead: see tenure truba requeue.`

export function addTaskChanges(truba: Command, run: Run): void {
  run<ChangeOptions>(
    withRecords(verb(truba, 'append', 'add records to a stored or dead task')),
    change(append),
  )
  run<ChangeOptions>(
    withRecords(verb(truba, 'replace', 'drop the records of a stored or dead task for these')),
    change(replace),
  )
  run<ChangeOptions>(
    verb(truba, 'store', 'begin the delay of a stored task anew').addOption(delayOption()),
    store,
  )
  run(verb(truba, 'delete', 'say that a stored or dead task is finished'), remove)
}

function verb(truba: Command, name: string, description: string): Command {
  return truba
    .command(name)
    .description(description)
    .argument('<id>', 'such as 3.17')
    .addHelpText('after', AFTER)
}

function withRecords(command: Command): Command {
  return command
    .argument('[record...]', 'absent or -: from stdin, each behind its length of four bytes')
    .option('--lines', 'stdin has a record a line')
    .addOption(delayOption())
}

type Change = (task: Task, records: readonly Uint8Array[], signal: AbortSignal) => Promise<string>

async function append(
  task: Task,
  records: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<string> {
  await Promise.all(records.map((record) => task.append(record, signal)))
  return `appended ${counted(records.length, 'record')} to ${task.id.toString()}`
}

async function replace(
  task: Task,
  records: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<string> {
  const [first = new Uint8Array(), ...others] = records
  await Promise.all([
    task.replace(first, signal),
    ...others.map((record) => task.append(record, signal)),
  ])
  return `replaced the records of ${task.id.toString()} by ${counted(records.length, 'record')}`
}

function change(doing: Change): Action<ChangeOptions> {
  return async (context, options, [id = '', ...operands]) => {
    const records = await recordsOf(context, operands.length === 0 ? ['-'] : operands, options)
    return taken(context, id, async ({ task }) => {
      const done = await doing(task, records, context.signal)
      await task.store(options.delay, context.signal)
      return done
    })
  }
}

function store(
  context: CommandContext,
  { delay }: ChangeOptions,
  [id = '']: readonly string[],
): Promise<number> {
  return taken(context, id, async ({ task }) => {
    await task.store(delay, context.signal)
    return `stored ${task.id.toString()}`
  })
}

function remove(
  context: CommandContext,
  _options: object,
  [id = '']: readonly string[],
): Promise<number> {
  return taken(context, id, async ({ task }) => {
    await task.delete(context.signal)
    return `deleted ${task.id.toString()}`
  })
}

function taken(
  context: CommandContext,
  id: string,
  work: (handOut: HandOut) => Promise<string>,
): Promise<number> {
  return context.withPipe(async (pipe) => {
    const handOut = await pipe.take(id, context.signal)
    await using task = handOut.task
    const done = await work(handOut)
    context.output.datum({ id: task.id.toString() }, done)
    return EXIT_DONE
  })
}
