/**
 * Long-running tasks shared out among workers, each with a capacity. Start it in three terminals:
 *
 *   node examples/dist/workers/main.js --ydb grpc://localhost:2136/local --path /local/test \
 *     --semaphore-prefix job- --tasks 10 --capacity 4
 *
 * Two workers run 8 of the 10 tasks; the third takes the 2 that are left. Stop one: the others take what they have room
 * for. No task ever runs twice at the same time.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { TaskLease, WorkerTask } from 'tenure'
import { connect } from 'tenure'

const { values: flags } = parseArgs({
  // `-path` is as good as `--path`.
  args: process.argv.slice(2).map((word) => word.replace(/^-(?=\w\w)/, '--')),
  options: {
    ydb: { type: 'string', default: 'grpc://localhost:2136/local' },
    path: { type: 'string', default: '/local/test' },
    'semaphore-prefix': { type: 'string', default: 'job-' },
    tasks: { type: 'string', default: '10' },
    capacity: { type: 'string', default: '4' },
    timeout: { type: 'string', default: '5000' },
  },
})

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

await using client = connect(flags.ydb)

say('waiting')
while (!stop.signal.aborted) {
  try {
    await client.workers(
      {
        path: flags.path,
        prefix: flags['semaphore-prefix'],
        tasks: Number(flags.tasks),
        capacity: Number(flags.capacity),
        session: { timeout: Number(flags.timeout), createNode: true },
        run,
      },
      stop.signal,
    )
  } catch (error) {
    if (stop.signal.aborted) break
    say(`failed: ${messageOf(error)}`)
    await sleep(200, undefined, { signal: stop.signal }).catch(() => {})
  }
}
say('stopped')

/** One task, for as long as this worker has it. The token goes with everything that the task writes. */
async function run(task: WorkerTask, lease: TaskLease): Promise<void> {
  say(`${task.name} acquired token ${lease.token}`)
  while (!lease.signal.aborted)
    await sleep(500, undefined, { signal: lease.signal }).catch(() => {})
  const reason = messageOf(lease.signal.reason)
  say(stop.signal.aborted ? `${task.name} released` : `${task.name} lost: ${reason}`)
}

function say(text: string): void {
  console.log(`${new Date().toISOString()} ${text}`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
