/**
 * A client that opens tasks as fast as it is told, writes down what they are, and finishes, stores or forgets them.
 *
 * Usage: originator ADDRESS PATH NAME TASKS_PER_SECOND THEMES
 * Runs until it is killed, or until it has read the end of its standard input: then it opens nothing more and gives back what it has.
 */
import { setInterval as ticks } from 'node:timers/promises'
import { connect, type Pipe, type Task } from 'tenure'
import { tell } from './chronicle.ts'

const [address = '', path = '', name = '', rate = '', themes = ''] = process.argv.slice(2)
const TICK_MS = 20
const PER_TICK = (Number(rate) * TICK_MS) / 1_000
/** Of ten tasks: so many are finished by who has opened them, and so many are just left. */
const FINISHED = 2
const LEFT = 1

let isOver = false
process.stdin.once('end', () => {
  isOver = true
})
process.stdin.resume()

async function work(pipe: Pipe, number: number): Promise<void> {
  const theme = 1 + (number % Number(themes))
  const record = `${name}.${number}`
  tell('o', record, theme)
  const task = await pipe.open(theme, record)
  tell('O', record, String(task.id))
  await write(task, `${record}+`)
  if (number % 10 < FINISHED) {
    tell('d', String(task.id), 0)
    await task.delete()
    tell('D', String(task.id), 0)
  } else if (number % 10 < FINISHED + LEFT) {
    await task[Symbol.asyncDispose]()
  } else {
    const delay = 1 + (number % 3)
    tell('s', String(task.id), 0, delay)
    await task.store(delay)
    tell('S', String(task.id), 0, delay)
  }
}

async function write(task: Task, record: string): Promise<void> {
  tell('a', String(task.id), 0, record)
  await task.append(record)
  tell('A', String(task.id), 0, record)
}

const client = connect(address)
const pipe = client.pipe(path)
const underWay = new Set<Promise<void>>()
let [number, owed] = [0, 0]
for await (const _tick of ticks(TICK_MS)) {
  if (isOver) break
  // What a server that is away cannot take is not made up for.
  owed = Math.min(owed + PER_TICK, PER_TICK * 10)
  for (; owed >= 1 && underWay.size < 1_000; owed -= 1) {
    const job: Promise<void> = work(pipe, number).catch(() => undefined)
    number += 1
    underWay.add(job)
    void job.then(() => underWay.delete(job))
  }
}
await Promise.all(underWay)
await client.close()
