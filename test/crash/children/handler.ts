/**
 * A handler of all themes: adds a record to each task, then finishes it, stores it, or fails.
 *
 * Usage: handler ADDRESS PATH THEMES
 * Runs until it is killed, or until it has read the end of its standard input.
 */
import { connect, type HandOut } from 'tenure'
import { tell } from './chronicle.ts'

const [address = '', path = '', themes = ''] = process.argv.slice(2)
const CONCURRENCY = 16

async function handle({ task, records, attempt, theme }: HandOut, signal: AbortSignal) {
  const id = String(task.id)
  signal.addEventListener('abort', () => tell('x', id, attempt))
  tell('h', id, attempt, theme, records.map((record) => Buffer.from(record).toString()).join(','))
  const record = `handled-${attempt}`
  tell('a', id, attempt, record)
  await task.append(record)
  tell('A', id, attempt, record)
  // What happens differs from task to task, and from attempt to attempt.
  const fate = (Number(task.id.index) + attempt) % 8
  if (fate === 0) {
    tell('s', id, attempt, 1)
    await task.store(1)
    tell('S', id, attempt, 1)
  } else if (fate === 1) {
    throw new Error('this attempt fails')
  } else {
    tell('d', id, attempt)
    await task.delete()
    tell('D', id, attempt)
  }
}

const client = connect(address)
const pipe = client.pipe(path)
const workers = await Promise.all(
  Array.from({ length: Number(themes) }, (_, at) =>
    pipe.handle(at + 1, handle, { concurrency: CONCURRENCY }),
  ),
)
tell('r')
process.stdin.resume()
await new Promise((resolve) => process.stdin.once('end', resolve))
await Promise.all(workers.map((worker) => worker.close()))
await client.close()
