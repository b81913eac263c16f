/** `tenure session …`: who is connected to a coordination node, and to end a session by force. */
import type { HoldingInfo, SessionInfo } from '@tenure/client'
import { NotFoundError } from '@tenure/client'
import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { EXIT_DONE, EXIT_REFUSED } from './exit-code.ts'
import { countText, numberOf } from './number.ts'
import type { JsonValue } from './output.ts'
import type { Run } from './run.ts'
import { sinceText, spanText } from './span.ts'

export function addSession(program: Command, run: Run): void {
  const session = program.command('session').description('see sessions, and end them')
  run(
    session
      .command('list')
      .description('show the sessions with what they hold and wait for, and for how long'),
    list,
  )
  run(
    session
      .command('kill')
      .description('end sessions, as if they had timed out; what they hold is free at once')
      .argument('<id...>', 'see tenure session list'),
    kill,
  )
}

async function list(context: CommandContext): Promise<number> {
  return context.withClient(async (client) => {
    for (const session of await client.listSessions(context.path, context.signal)) {
      context.output.datum(sessionFields(session), sessionText(session))
    }
    return EXIT_DONE
  })
}

/** Ends all that it can, and says which were not there. */
async function kill(
  context: CommandContext,
  _options: object,
  words: readonly string[],
): Promise<number> {
  const ids = words.map(numberOf)
  return context.withClient(async (client) => {
    let exitCode = EXIT_DONE
    for (const id of ids) {
      try {
        await client.endSession(context.path, id, context.signal)
        context.output.datum({ id }, `ended session ${id}`)
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error
        context.output.talk(`there is no session ${id} at ${context.path}`)
        exitCode = EXIT_REFUSED
      }
    }
    return exitCode
  })
}

function sessionFields(session: SessionInfo): { readonly [field: string]: JsonValue } {
  const { holdings, ...fields } = session
  return { ...fields, holdings: holdings.map((holding) => ({ ...holding })) }
}

function sessionText(session: SessionInfo): string {
  const { id, description, isAttached, remainingMs, timeoutMs, holdings, holdingsCount, leases } =
    session
  const hidden = holdingsCount - holdings.length
  const state = isAttached
    ? `connected, timeout ${spanText(timeoutMs)}`
    : `not connected, ends in ${spanText(remainingMs)}`
  return [
    `session ${id}: ${state}, ${JSON.stringify(description)}`,
    ...holdings.map((holding) => `  ${holdingText(holding)}`),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
    ...(leases > 0 ? [`  keeps ${leases} record leases`] : []),
  ].join('\n')
}

function holdingText({ name, token, count, owns, forMs, isAtLeast }: HoldingInfo): string {
  const verb = owns ? 'holds    ' : 'waits for'
  return `${verb} "${name}" ${sinceText(forMs, isAtLeast)}, ${countText(count)}, token ${token}`
}
