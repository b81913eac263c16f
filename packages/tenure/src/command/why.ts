/** `tenure why NAME`: who holds it, since when, who waits, and on what the holders themselves wait. */
import type { Client, ExplainedHolder, Explanation } from '@tenure/client'
import { COUNT_MAX, NotFoundError } from '@tenure/client'
import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { EXIT_DONE, EXIT_REFUSED } from './exit-code.ts'
import { CommandFailure } from './failure.ts'
import { countText } from './number.ts'
import type { JsonValue } from './output.ts'
import { dataFields, shown } from './output.ts'
import type { Run } from './run.ts'
import { sinceText } from './span.ts'
import { circleOf, type Circle } from './wait-circle.ts'

/** How many names are looked at, those that holders wait for included. */
const NAMES_MAX = 32

const AFTER = `
Follows the chain: on what the holders wait themselves, who holds that, and so on, up to ${NAMES_MAX} names. Holders that wait
for each other in a circle are shown; when nobody outside can end it, it is a deadlock. See also: tenure semaphore release,
tenure session kill.`

export function addWhy(program: Command, run: Run): void {
  run(
    program
      .command('why')
      .description('show who holds a name, for how long, who waits, and for what the holder waits')
      .argument('<name>')
      .addHelpText('after', AFTER),
    why,
  )
}

interface Chain {
  /** The name that was asked for first. */
  readonly explanations: readonly Explanation[]
  /** Whether there are names that were not looked at. */
  readonly isCut: boolean
}

async function why(
  context: CommandContext,
  _options: object,
  [name = '']: readonly string[],
): Promise<number> {
  return context.withClient(async (client) => {
    const chain = await follow(context, client, name)
    if (chain.explanations.length === 0) {
      throw new CommandFailure(
        EXIT_REFUSED,
        `nobody holds "${name}" and nobody waits for it: there is no such name at ${context.path}`,
      )
    }
    const circle = circleOf(chain.explanations)
    context.output.datum(chainFields(chain, circle), chainText(chain, circle))
    return EXIT_DONE
  })
}

/** The explanations of a name and of all that its holders wait for, and so on; each name once. */
async function follow(context: CommandContext, client: Client, first: string): Promise<Chain> {
  const names = new Set([first])
  const explanations: Explanation[] = []
  let looked = 0
  for (const name of names) {
    if (looked === NAMES_MAX) return { explanations, isCut: true }
    looked += 1
    try {
      const explanation = await client.explain(context.path, name, context.signal)
      explanations.push(explanation)
      for (const { waitsFor } of explanation.owners)
        for (const next of waitsFor) names.add(next.name)
    } catch (error) {
      // It may go while the chain is followed.
      if (!(error instanceof NotFoundError)) throw error
    }
  }
  return { explanations, isCut: false }
}

function chainFields({ explanations, isCut }: Chain, circle: Circle | null): JsonValue {
  const [first, ...others] = explanations.map(explanationFields)
  return {
    ...first,
    others,
    isCut,
    circle: circle && circle.links.map((link) => ({ ...link })),
    isDeadlock: circle?.isDeadlock ?? false,
  }
}

function explanationFields(explanation: Explanation): { readonly [field: string]: JsonValue } {
  const { name, limit, count, ephemeral, data, owners, waiters } = explanation
  return {
    name,
    limit,
    count,
    ephemeral,
    ...dataFields(data),
    owners: owners.map(holderFields),
    waiters: waiters.map(holderFields),
  }
}

function holderFields(holder: ExplainedHolder): JsonValue {
  const { sessionId, token, count, data, forMs, isAtLeast, session, waitsFor } = holder
  return {
    sessionId,
    token,
    count,
    ...dataFields(data),
    forMs,
    isAtLeast,
    description: session?.description ?? null,
    isAttached: session?.isAttached ?? null,
    waitsFor: waitsFor.map((place) => ({ ...place })),
  }
}

function chainText({ explanations, isCut }: Chain, circle: Circle | null): string {
  const lines = explanations.flatMap(explanationLines)
  if (isCut) lines.push(`there are more names: only ${NAMES_MAX} were looked at`)
  if (circle !== null) lines.push(...circleLines(circle))
  return lines.join('\n')
}

function explanationLines(explanation: Explanation): string[] {
  const { name, owners, waiters } = explanation
  return [
    `"${name}": ${unitsText(explanation)}, ${waiters.length} waiting`,
    ...owners.flatMap((owner) => [
      `  held by    ${holderText(owner)}`,
      ...owner.waitsFor.map(
        ({ name: other, forMs, isAtLeast }) =>
          `             which waits for "${other}" itself, ${sinceText(forMs, isAtLeast)}`,
      ),
    ]),
    ...waiters.map((waiter) => `  wanted by  ${holderText(waiter)}`),
  ]
}

/** A name without a practical limit is a lock: held by one alone, or shared. */
function unitsText({ limit, count, owners }: Explanation): string {
  if (limit !== COUNT_MAX) return `${count} of ${limit} held`
  if (owners.length === 0) return 'free'
  return count === limit ? 'held by one alone' : `shared by ${owners.length}`
}

function holderText(holder: ExplainedHolder): string {
  const { sessionId, count, token, data, forMs, isAtLeast, session } = holder
  const who = session === null ? '' : ` (${session.description})`
  const away = session?.isAttached === false ? ', not connected' : ''
  const since = sinceText(forMs, isAtLeast)
  return `session ${sessionId}${who} ${since}, ${countText(count)}, token ${token}, data ${shown(data)}${away}`
}

function circleLines({ links, isDeadlock }: Circle): string[] {
  const verdict = isDeadlock
    ? 'deadlock: nobody of these can go on until one of them lets go'
    : 'a circle: these wait for each other, unless another holder gives units back'
  return [
    verdict,
    ...links.map(
      ({ sessionId, holds, waitsFor }) =>
        `  session ${sessionId} holds "${holds}" and waits for "${waitsFor}"`,
    ),
  ]
}
