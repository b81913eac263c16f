import {
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  nat,
  oneof,
  record,
  string,
} from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { expect, test } from 'vitest'
import type { Event } from '@tenure/kernel'
import { settle } from './manual-clock.ts'
import { createNode, nodeAt, stage } from './stage.ts'
import type { Stage } from './stage.ts'
import { visit, Visitor } from './visitor.ts'

const NAMES = ['a', 'b', 'c']
const VISITORS = 3

type Act =
  | {
      readonly act: 'acquire' | 'release' | 'describe'
      readonly who: number
      readonly name: number
    }
  | { readonly act: 'update'; readonly who: number; readonly name: number; readonly data: string }
  | { readonly act: 'hold' | 'let' | 'settle' | 'fail-before' | 'fail-after' }

const who = nat(VISITORS - 1)
const name = nat(NAMES.length - 1)

const acts: Arbitrary<Act> = oneof(
  {
    weight: 6,
    arbitrary: record({ act: constantFrom('acquire', 'release', 'describe'), who, name }),
  },
  { weight: 3, arbitrary: record({ act: constant('update'), who, name, data: string() }) },
  { weight: 3, arbitrary: record({ act: constantFrom('hold', 'let', 'settle') }) },
  { weight: 1, arbitrary: record({ act: constantFrom('fail-before', 'fail-after') }) },
)

/** What the answers say is stored: the tokens of the owners, by semaphore and session. */
class Acknowledged {
  readonly tokens = new Map<string, bigint>()
  /** Asked and not answered: may have happened or not. */
  readonly touchedInVain = new Set<string>()
}

async function play(script: readonly Act[], { engine, host }: Stage): Promise<Acknowledged> {
  const node = await createNode(host)
  const visitors = await Promise.all(Array.from({ length: VISITORS }, () => visit(node)))
  for (const each of NAMES) visitors[0]?.createSemaphore(each, 3n)
  await settle()
  for (const visitor of visitors) visitor.deliveries.length = 0
  const asked = visitors.map(() => new Map<bigint, Act>())
  for (const act of script) {
    if ('who' in act) ask(act, visitors[act.who], asked[act.who])
    else await move(act.act, engine)
  }
  engine.letAll()
  await settle()
  for (const [at, visitor] of visitors.entries()) expectInOrder(visitor.events, asked[at])
  return acknowledge(visitors, asked)
}

function ask(act: Act, visitor: Visitor | undefined, asked: Map<bigint, Act> | undefined): void {
  if (!('who' in act) || visitor === undefined) return
  const target = NAMES[act.name] ?? ''
  const id =
    act.act === 'update'
      ? visitor.updateSemaphore(target, act.data)
      : act.act === 'acquire'
        ? visitor.acquire(target, { ephemeral: false })
        : visitor[act.act](target)
  if (visitor.end === null) asked?.set(id, act)
}

async function move(act: string, engine: Stage['engine']): Promise<void> {
  if (act === 'hold') engine.holding = true
  else if (act === 'let') engine.letOne()
  else if (act === 'settle') engine.letAll()
  else engine.moods.push(act === 'fail-before' ? 'fails-before' : 'fails-after')
  await settle()
}

/** Every command here is answered at once, so the answers of one stream come in the order of asking. */
function expectInOrder(events: readonly Event[], asked: Map<bigint, Act> | undefined): void {
  const answered = events.flatMap((event) => ('requestId' in event ? [event.requestId] : []))
  expect(answered).toEqual([...(asked?.keys() ?? [])].slice(0, answered.length))
}

function acknowledge(
  visitors: readonly Visitor[],
  asked: readonly Map<bigint, Act>[],
): Acknowledged {
  const result = new Acknowledged()
  for (const [at, visitor] of visitors.entries()) {
    const answered = new Set<bigint>()
    for (const event of visitor.events) {
      if (!('requestId' in event)) continue
      answered.add(event.requestId)
      const act = asked[at]?.get(event.requestId)
      if (act === undefined || !('name' in act)) continue
      const key = `${NAMES[act.name]}:${visitor.session}`
      if (event.kind === 'acquired') result.tokens.set(key, event.orderId)
      if (event.kind === 'released') result.tokens.delete(key)
    }
    for (const [id, act] of asked[at] ?? []) {
      if (!answered.has(id) && 'name' in act)
        result.touchedInVain.add(`${NAMES[act.name]}:${visitor.session}`)
    }
  }
  return result
}

async function stored({ engine }: Stage): Promise<Map<string, bigint>> {
  engine.moods.length = 0
  const { host } = stage({}, engine)
  const visitor = await visit(await nodeAt(host))
  for (const each of NAMES) visitor.describe(each)
  await settle()
  const tokens = new Map<string, bigint>()
  for (const event of visitor.events) {
    if (event.kind !== 'semaphore-described' || event.description === null) continue
    for (const owner of event.description.owners) {
      tokens.set(`${event.description.name}:${owner.session}`, owner.orderId)
    }
  }
  return tokens
}

// guards: D1, D2, L3, L4, X2
test('what was acknowledged is loaded again, whatever the commits did, and answers keep their order', async () => {
  await assert(
    asyncProperty(array(acts, { maxLength: 40 }), async (script) => {
      const set = stage()
      const acknowledged = await play(script, set)
      const loaded = await stored(set)
      const sure = [...acknowledged.tokens].filter(([key]) => !acknowledged.touchedInVain.has(key))
      expect(sure.filter(([key, token]) => loaded.get(key) !== token)).toEqual([])
      const unasked = [...loaded.keys()].filter(
        (key) => !acknowledged.tokens.has(key) && !acknowledged.touchedInVain.has(key),
      )
      expect(unasked).toEqual([])
    }),
    { numRuns: 150 },
  )
})
