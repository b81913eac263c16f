/** What a server sees of the others, itself among them, whatever the engine says of it. */
import type { Membership, OwnerInfo } from '@tenure/engine'
import { expect, test, vi } from 'vitest'
import { Roster } from '../../src/cluster/roster.ts'
import { silentLog } from '../../src/log.ts'
import { ManualClock, settle } from '../tablet/manual-clock.ts'

const SELF = { id: 'me', address: '10.0.0.1:1' }
const OTHER = { id: 'other', address: '10.0.0.2:1' }

type View = readonly OwnerInfo[]

/** An engine that says what the test wants it to. */
class Told implements Membership {
  readonly left: string[] = []
  watches = 0
  #tell: ((view: View | Error) => void) | null = null
  #waiting: (View | Error)[] = []

  join(member: OwnerInfo) {
    return Promise.resolve({
      leave: () => {
        this.left.push(member.id)
        return Promise.resolve()
      },
    })
  }

  async *watch(): AsyncIterable<View> {
    this.watches += 1
    for (;;) {
      const next =
        this.#waiting.shift() ?? (await new Promise<View | Error>((r) => (this.#tell = r)))
      if (next instanceof Error) throw next
      yield next
    }
  }

  say(view: View | Error): void {
    if (this.#tell === null) this.#waiting.push(view)
    else this.#tell(view)
    this.#tell = null
  }
}

function stage() {
  const [members, clock, changed] = [new Told(), new ManualClock(), vi.fn<() => void>()]
  const ports = { members, self: SELF, noticeMs: 5_000, clock, log: silentLog, changed }
  return { members, clock, changed, roster: new Roster(ports) }
}

test('it sees the others before it has joined, and then itself, whatever the engine says', async () => {
  const { members, roster } = stage()
  members.say([OTHER])
  await roster.begin()
  expect(roster.servers).toEqual([OTHER])
  await roster.join()
  expect(roster.servers).toEqual([SELF, OTHER])
  members.say([OTHER])
  await settle()
  expect(roster.servers).toEqual([SELF, OTHER])
})

test('it is told of a change, and of nothing that is the same', async () => {
  const { members, changed, roster } = stage()
  members.say([])
  await roster.begin()
  await roster.join()
  changed.mockClear()
  members.say([SELF])
  await settle()
  expect(changed).toHaveBeenCalledTimes(0)
  members.say([OTHER, SELF])
  await settle()
  expect(changed).toHaveBeenCalledTimes(1)
})

test('of two servers at one address it sees the one that was told last', async () => {
  const { members, roster } = stage()
  members.say([OTHER, { ...OTHER, id: 'again' }])
  await roster.begin()
  expect(roster.servers).toEqual([{ ...OTHER, id: 'again' }])
})

test('when it leaves it sees the others only, and they are told', async () => {
  const { members, roster } = stage()
  members.say([OTHER])
  await roster.begin()
  await roster.join()
  await roster.leave()
  expect(roster.servers).toEqual([OTHER])
  expect(members.left).toEqual(['me'])
  members.say([OTHER, SELF])
  await settle()
  expect(roster.servers).toEqual([OTHER])
})

test('what it saw last counts while the engine says nothing, and it asks again', async () => {
  const { members, clock, roster } = stage()
  members.say([OTHER])
  await roster.begin()
  members.say(new Error('nobody answers'))
  await settle()
  expect(roster.servers).toEqual([OTHER])
  await clock.advance(1_000)
  await settle()
  expect(members.watches).toBe(2)
  members.say([])
  await settle()
  expect(roster.servers).toEqual([])
})

test('an engine that does not say who is there does not let it begin', async () => {
  const { members, roster } = stage()
  members.say(new Error('nobody answers'))
  await expect(roster.begin()).rejects.toThrow('nobody answers')
})
