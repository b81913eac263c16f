/** `tenure config …`: one value that many follow. */
import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { EXIT_REFUSED } from './exit-code.ts'
import { CommandFailure } from './failure.ts'
import { readData } from './input.ts'
import { dataFields } from './output.ts'
import type { Run } from './run.ts'

export function addConfig(program: Command, run: Run): void {
  const config = program.command('config').description('publish and follow configuration')
  run(config.command('get').description('print the value').argument('<name>'), get)
  run(
    config
      .command('publish')
      .description('replace the value; everybody who watches it gets it')
      .argument('<name>')
      .argument('<data>', 'text; - reads it from stdin'),
    publish,
  )
  run(
    config
      .command('watch')
      .description('print the value, and again after every change')
      .argument('<name>'),
    watch,
  )
}

async function get(
  context: CommandContext,
  _options: object,
  [name = '']: readonly string[],
): Promise<number> {
  return context.withSession(async (session) => {
    const value = await session.config(name).get(context.signal)
    if (value === null) {
      throw new CommandFailure(
        EXIT_REFUSED,
        `nothing is published as "${name}" in ${context.path}: publish it with tenure config publish ${name} DATA`,
      )
    }
    context.output.bytes({ name, ...dataFields(value) }, value)
    return 0
  })
}

async function publish(
  context: CommandContext,
  _options: object,
  [name = '', data = '']: readonly string[],
): Promise<number> {
  const bytes = await readData(context, data)
  return context.withSession(async (session) => {
    await session.config(name).publish(bytes, {}, context.signal)
    context.output.datum({ name }, `published "${name}"`)
    return 0
  })
}

async function watch(
  context: CommandContext,
  _options: object,
  [name = '']: readonly string[],
): Promise<number> {
  return context.withSession(async (session) => {
    for await (const value of session.config(name).watch(context.signal)) {
      context.output.bytes({ name, ...dataFields(value) }, value)
      await context.output.taken(context.signal)
    }
    return 0
  })
}
