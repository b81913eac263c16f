/** Very many tasks are stored, and come back one after the other, half of them to the next owner of the node. */
import type { Limits } from '@tenure/kernel'
import { LogNode, handle, open, remove, store, theme } from './log-node.ts'

const SECONDS = 50

/** What is left when all has come in its order and was finished. */
export const IN_ORDER: object = {
  wrong: undefined,
  rows: { '0x1': 1, '0x2': 1, '0x10': 1, '0x50': 1 },
}

/** @returns the first task that was not the right one, and the rows that are left */
export function comingBack(tasks: number, limits: Partial<Limits>): object {
  const node = new LogNode(limits)
  node.ask(theme(7, { concurrency: 1_000 }))
  for (let task = 1; task <= tasks; task++) {
    node.put(open(7))
    node.put(store(`1.${2 * task - 1}`, 1 + secondOf(task)))
  }
  node.settle()
  const handed: string[] = []
  for (const seconds of [SECONDS / 2, SECONDS / 2 + 2]) {
    node.restart()
    node.attach(2n)
    node.put(handle(7, 500), 2n)
    for (let second = 0; second < seconds; second++) handed.push(...finished(node, tasks))
  }
  const order = Array.from({ length: tasks }, (_, at) => at + 1)
    .sort((left, right) => secondOf(left) - secondOf(right) || left - right)
    .map((task) => `1.${2 * task - 1}#1`)
  const wrong = order.find((name, at) => handed[at] !== name) ?? handed[tasks]
  return { wrong, rows: node.store.kinds }
}

function secondOf(task: number): number {
  return (task * 7_919) % SECONDS
}

/** Lets a second pass, and deletes each task that comes; gives up when there are more than there can be. */
function finished(node: LogNode, most: number): string[] {
  const handed: string[] = []
  let heard = node.wait(1)
  while (heard.length > 0 && handed.length <= most) {
    const names = heard.flatMap((word) => /^to 2: (\S+)/.exec(word)?.[1] ?? [])
    handed.push(...names)
    for (const name of names) node.put(remove(name), 2n)
    heard = node.settle()
  }
  return handed
}
