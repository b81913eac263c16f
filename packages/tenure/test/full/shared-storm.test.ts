/** Programs that share a directory are killed at random, hosts and guests. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'tenure'
import { expect, test } from 'vitest'
import { holdersOf, Member } from '../shared/member.ts'

const MEMBERS = 6
const KILLS = 30
const PATH = '/local/shared'

interface Told {
  readonly enters: readonly bigint[]
  readonly acked: readonly string[]
  readonly faults: readonly string[]
}

/** What the lines of all members say, in their order. */
function judged(lines: readonly string[]): Told {
  const enters: bigint[] = []
  const acked: string[] = []
  const faults: string[] = []
  const dead = new Set<string>()
  let inside: string | null = null
  for (const line of lines) {
    const [what, pid = '', detail = ''] = line.split(' ')
    if (what === 'killed') dead.add(pid)
    else if (what === 'acked') acked.push(`${pid}/${detail}`)
    else if (what === 'leave' && inside === pid) inside = null
    else if (what === 'enter') {
      if (inside !== null && !dead.has(inside)) faults.push(`${line}, while ${inside} is inside`)
      const last = enters.at(-1) ?? 0n
      if (BigInt(detail) <= last) faults.push(`${line}, after token ${last}`)
      enters.push(BigInt(detail))
      inside = pid
    }
  }
  return { enters, acked, faults }
}

// guards: D1, X1, X2, S1
test(`${KILLS} kills among ${MEMBERS} programs: never two holders, tokens grow, and no acknowledged record is lost`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-shared-storm-'))
  const data = join(folder, 'data')
  const log = join(folder, 'log')
  writeFileSync(log, '')
  const lines = (): string[] => readFileSync(log, 'utf8').trim().split('\n')
  const acks = (): number => lines().filter((line) => line.startsWith('acked')).length
  const members: Member[] = []
  const begin = async (): Promise<void> => {
    const member = await Member.start(data)
    member.ask('storm', log).catch(() => {})
    members.push(member)
  }
  const pausesMs: number[] = []
  let hostsKilled = 0
  try {
    for (let at = 0; at < MEMBERS; at += 1) await begin()
    for (let kills = 0; kills < KILLS; kills += 1) {
      const before = acks()
      await expect.poll(acks, { interval: 20, timeout: 60_000 }).toBeGreaterThan(before)
      // Every other time the host, whose death is the harder one.
      const holders = holdersOf(data)
      const host = members.findIndex(({ pid }) => holders.includes(pid))
      const any = Math.floor(Math.random() * members.length)
      const [victim] = members.splice(kills % 2 === 0 && host !== -1 ? host : any, 1)
      if (victim === undefined) throw new Error('nobody is left')
      const isHost = holders.includes(victim.pid)
      await victim.kill()
      const killedAtMs = performance.now()
      appendFileSync(log, `killed ${victim.pid}\n`)
      if (isHost) {
        hostsKilled += 1
        await Promise.race(members.map((member) => member.ask('nodes')))
        pausesMs.push(Math.round(performance.now() - killedAtMs))
      }
      await begin()
    }
  } finally {
    await Promise.all(members.map((member) => member.kill()))
  }
  const { enters, acked, faults } = judged(lines())
  process.stdout.write(
    `${hostsKilled} hosts killed, answers after ${pausesMs.sort((a, b) => a - b).join(', ')} ms; ${enters.length} grants\n`,
  )
  expect(faults).toEqual([])
  await using client = connect(`file:${data}`)
  const storage = client.storage(PATH)
  const kept = new Set<string>()
  for (const key of acked) kept.add((await storage.get(key)).value.length > 0 ? key : '')
  expect(kept.size).toBe(acked.length)
  expect(acked.length).toBeGreaterThan(KILLS)
  await client.close()
  rmSync(folder, { recursive: true, force: true })
})
