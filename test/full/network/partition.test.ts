/**
 * A crowd whose network is really broken: packets lost one way and both ways, refused, the cable pulled, routes gone.
 *
 * guards: X1, X2, X7, S1, W3
 */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Crowd } from '../../crowd/crowd.ts'
import { lacks } from '../../needs.ts'
import { Program, ServerProcess } from '../../program.ts'
import { scaled } from '../../scale.ts'
import { between, drawOf, freshSeed } from '../../seed.ts'
import type { Draw } from '../../seed.ts'
import { Namespace } from './namespace.ts'

const TIMEOUT_MS = 1_200
const PATH = '/local/partition'
const TCP_RESET = ['-p', 'tcp', '-j', 'REJECT', '--reject-with', 'tcp-reset']
const SOMETIMES = ['-m', 'statistic', '--mode', 'random', '--probability', '0.3', '-j', 'DROP']

const FAULTS: Readonly<Record<string, (namespace: Namespace) => void>> = {
  'nothing arrives at the server': (namespace) => namespace.filterIn('-j', 'DROP'),
  'nothing arrives at the clients': (namespace) => namespace.filterOut('-j', 'DROP'),
  'nothing arrives': (namespace) => {
    namespace.filterIn('-j', 'DROP')
    namespace.filterOut('-j', 'DROP')
  },
  'connections are reset': (namespace) => namespace.filterIn(...TCP_RESET),
  'a third is lost': (namespace) => {
    namespace.filterIn(...SOMETIMES)
    namespace.filterOut(...SOMETIMES)
  },
  'the cable is pulled': (namespace) => namespace.unplug(),
  'the way back is gone': (namespace) => namespace.blackhole(),
}

/** The same in another order. */
function shuffled<T>(draw: Draw, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: draw() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item)
}

test('whatever happens to the network, holders fit into the limit and watchers see the last value', async (context) => {
  using namespace = Namespace.make() ?? lacks(context, 'netns')
  if (!namespace.filters) lacks(context, 'iptables')
  const seed = freshSeed()
  const draw = drawOf(seed)
  const { inside, address: host } = namespace
  await using server = await ServerProcess.start({ inside, host })
  const words = [server.address, PATH, String(TIMEOUT_MS), 'bystander']
  await using bystander = new Program('test/full/clock/children/guest.ts', words, { inside })
  await bystander.says(/^attached/)
  await using crowd = new Crowd({
    addresses: [server.address, server.address, server.address],
    direct: server.address,
    path: PATH,
    timeoutMs: TIMEOUT_MS,
    seed,
  })
  await crowd.moves()
  for (let round = 0; round < scaled(1); round += 1) {
    for (const [name, begin] of shuffled(draw, Object.entries(FAULTS))) {
      begin(namespace)
      await pause(between(draw, 0.1, 1.6) * TIMEOUT_MS)
      namespace.heal()
      await crowd.moves()
      expect({ seed, after: name, violations: crowd.violations }).toEqual({
        seed,
        after: name,
        violations: [],
      })
    }
  }
  await crowd.gather()
  expect({ seed, violations: crowd.violations }).toEqual({ seed, violations: [] })
  // Inside the namespace nothing was broken.
  expect(bystander.lines.filter((line) => /^state|Error/.test(line))).toEqual([])
})
