/**
 * No task floats: one whose operator has left its stream is stored, whatever made him leave.
 *
 * guards: J2, J3
 */
import { expect, test } from 'vitest'
import {
  LogNode,
  THEMES,
  append,
  handle,
  list,
  open,
  remove,
  replace,
  show,
  store,
  theme,
} from './log-node.ts'

/** Session 1 has opened task 1.1, and session 2 was handed 1.2; both come back 10 seconds after a store. */
function driven(limits: object = {}): LogNode {
  const node = new LogNode(limits, 3)
  node.ask(theme(7))
  node.ask(open(7, 'a'))
  node.ask(open(7, 'b'))
  node.ask(store('1.2', 1))
  node.put(handle(7), 2n)
  expect(node.wait(2)).toEqual(['done', 'to 2: 1.2#1 r1 [b]'])
  return node
}

const OF_OPENER = '1.1#0 stored t7 r0 1×1B due 1013 c5'
const OF_HANDLER = '1.2#1 stored t7 r1 1×1B due 1013 c5 "whoever drove it has gone"'

const LEAVING: Readonly<Record<string, (node: LogNode, session: bigint) => void>> = {
  detaches: (node, session) => void node.detach(session),
  stops: (node, session) => void node.stop(session),
  'is taken over by another stream': (node, session) => void node.attach(session, 9),
  'comes anew on its own stream': (node, session) => void node.attach(session),
  'is ended by an operator': (node, session) =>
    void node.apply({ kind: 'end-session', stream: 3, requestId: 0n, session }),
}

// holds: S2-16
test.for(Object.keys(LEAVING))('a session that %s leaves its tasks stored in that step', (how) => {
  const opener = driven()
  LEAVING[how]?.(opener, 1n)
  opener.commit()
  opener.restart()
  opener.attach(3n)
  opener.settle()
  expect(opener.ask(list('stored', { limit: 1 }), 3n)).toEqual([`${OF_OPENER}, more`])

  const handler = driven()
  LEAVING[how]?.(handler, 2n)
  expect(handler.kernel.statistics()).toMatchObject({
    storedTasks: 1,
    tasksOut: 0,
    taskHandlers: 0,
  })
  handler.settle()
  expect(handler.ask(list('stored'), 3n)).toEqual([OF_HANDLER])
})

// holds: S2-16
test('a session that expires has left its stream before, and its tasks with it', () => {
  const node = driven()
  node.detach(1n)
  expect(node.wait(100)).toEqual(['to 2: 1.1#1 r1 [a]'])
  expect(node.kernel.statistics()).toMatchObject({ sessions: 2, activeTasks: 2, storedTasks: 0 })
})

// guards: J3
test('a session that has come back drives nothing of what it drove before', () => {
  const node = driven()
  node.attach(1n)
  node.settle()
  for (const operation of [append('1.1', 'x'), replace('1.1', 'x'), remove('1.1'), store('1.1')]) {
    expect(node.ask(operation)).toEqual(['TASK_CLOSED'])
  }
  expect(node.wait(11)).toEqual(['to 2: 1.1#1 r1 [a]'])
  expect(node.ask(append('1.1', 'x'))).toEqual(['STALE_ATTEMPT'])
})

// holds: S2-16
test('a handler that has gone gives its place and its tasks to the others', () => {
  const node = driven()
  node.ask(theme(7, { delaySeconds: 0, concurrency: 1 }))
  node.ask(handle(7), 3n)
  node.detach(2n)
  expect(node.settle()).toEqual(['to 3: 1.2#2 r2 [b]'])
  expect(node.ask(THEMES)).toEqual(['t7: 2 active, 0 stored, 0 dead, 1 out, 1 handlers'])
})

// holds: S2-16
test('of very many tasks some are stored at once, and the others in the steps that follow', () => {
  const node = new LogNode({ tasksPerStepMax: 10 })
  node.ask(theme(7))
  for (let task = 0; task < 35; task++) node.put(open(7))
  node.settle()
  node.detach(1n)
  expect(node.kernel.statistics()).toMatchObject({ activeTasks: 25, storedTasks: 10 })
  expect(node.kernel.nextDeadlineMs()).toBe(node.nowMs)
  node.attach(1n)
  expect(node.put(append('1.35', 'x')).events).toMatchObject([{ code: 'TASK_CLOSED' }])
  node.settle()
  expect(node.kernel.statistics()).toMatchObject({ activeTasks: 0, storedTasks: 35 })
  const numbers = /#0 stored/g
  expect(node.ask(list('stored')).join().match(numbers)).toHaveLength(35)
})

// holds: S2-16, S2-31
test('after a restart all that was driven is stored, with all its records, and what was stored stays as it was', () => {
  const node = driven({ taskPageRecordsMax: 2 })
  for (const record of 'cdefg') node.ask(append('1.1', record))
  node.ask(open(7, 'z'))
  node.ask(store('1.10'))
  const [stored] = node.ask(list('stored'))
  node.restart()
  expect(node.kernel.statistics()).toMatchObject({ activeTasks: 2, storedTasks: 1, tasksOut: 0 })
  expect(node.settle()).toEqual([])
  expect(node.kernel.statistics()).toMatchObject({ activeTasks: 0, storedTasks: 3 })
  node.attach(3n)
  node.settle()
  expect(node.ask(list('stored'), 3n)).toEqual([
    `${stored}, 1.2#1 stored t7 r1 1×1B due 1013 c12 "whoever drove it has gone", 1.1#0 stored t7 r0 6×6B due 1013 c13`,
  ])
  node.ask(handle(7), 3n)
  expect(node.wait(11)).toEqual([
    'to 3: 1.10#1 r1 [z]',
    'to 3: 1.2#2 r2 [b]',
    'to 3: 1.1#1 r1 [a c]…',
  ])
})

// guards: J5
test('a task that a restart has left behind is shown with its records before they have been counted', () => {
  const node = driven({ taskPageRecordsMax: 2 })
  for (const record of 'cdefg') node.ask(append('1.1', record))
  node.restart()
  node.attach(3n)
  node.put(show('1.1'), 3n)
  node.put(show('1.1', 4), 3n)
  const shown = node.settle().filter((words) => words.startsWith('1.1#0'))
  expect(shown).toEqual([
    expect.stringMatching(/^1\.1#0 active .* \[a c\]…$/),
    expect.stringMatching(/^1\.1#0 active .* \[f g\]$/),
  ])
})

// holds: S2-31
test('a restart in the midst of storing, or of counting, loses nothing and stores nothing twice', () => {
  const node = new LogNode({ tasksPerStepMax: 3, taskPageRecordsMax: 2 })
  node.ask(theme(7))
  for (let task = 0; task < 10; task++) node.put(open(7, 'a'))
  node.settle()
  for (let record = 0; record < 4; record++) node.ask(append('1.10', 'b'))
  for (let crash = 0; crash < 20; crash++) {
    node.restart()
    for (let step = 0; step < crash; step++) {
      if (node.open > 0) node.commit()
      else node.advance()
    }
    const { activeTasks, storedTasks } = node.kernel.statistics()
    expect(activeTasks + storedTasks).toBe(10)
  }
  node.restart()
  node.settle()
  expect(node.kernel.statistics()).toMatchObject({ activeTasks: 0, storedTasks: 10 })
  expect(node.store.kinds).toMatchObject({ '0x53': 14, '0x54': 10, '0x56': 10 })
  node.attach(1n)
  node.settle()
  expect(node.ask(show('1.10'))).toEqual([expect.stringMatching(/5×5B .* \[a b\]…$/)])
})

// guards: J2
test('what was not committed has not happened: a task that was handed out by it is stored as before', () => {
  const node = driven()
  node.wait(2)
  const before = node.ask(list('stored'))
  node.put(store('1.1', 5))
  node.put(open(7))
  node.restart()
  node.settle()
  node.attach(3n)
  node.settle()
  expect(before).toEqual([''])
  expect(node.kernel.statistics()).toMatchObject({ activeTasks: 0, storedTasks: 2 })
  expect(node.ask(open(7), 3n)).toEqual([expect.stringMatching(/^opened 2\./)])
})
