/**
 * A program that shares a directory, from the build: does what its parent asks, and says what came of it.
 *
 * node member.mjs DIRECTORY
 */
import { appendFileSync } from 'node:fs'
import { connect } from 'tenure'

const PATH = '/local/shared'
/** Sessions go on over the death of a host within their timeout; the machine may be busy. */
const TIMEOUT_MS = 30_000
/** One that a killed holder leaves soon; the margin is for a process that waits for its turn on the machine. */
const STORM_SESSION = { timeout: 5_000, margin: 1_500 }

const client = connect(`file:${process.argv[2]}`)
const storage = client.storage(PATH)
const pipe = client.pipe(PATH)
const leases = new Map()
let session = null

/** Told of unasked. */
function tell(what, ...details) {
  process.send({ what, details })
}

function textOf(bytes) {
  return Buffer.from(bytes).toString()
}

/** However long it takes the first of them to begin. */
async function opened(options) {
  for (;;) {
    try {
      return await client.openSession(PATH, { createNode: true, timeout: TIMEOUT_MS, ...options })
    } catch (error) {
      if (!error.retryable) throw error
    }
  }
}

async function storm(note) {
  let written = 0
  for (;;) {
    const session = await opened(STORM_SESSION)
    try {
      for (;;) {
        const lease = await session.mutex('printer').lock()
        let isInside = true
        const leave = () => {
          if (isInside) note(`leave ${process.pid}`)
          isInside = false
        }
        lease.signal.addEventListener('abort', leave)
        note(`enter ${process.pid} ${lease.token}`)
        written += 1
        await storage.put({ key: `${process.pid}/${written}`, value: String(written) })
        note(`acked ${process.pid} ${written}`)
        leave()
        await lease.release()
      }
    } catch (error) {
      note(`trouble ${process.pid} ${String(error)}`)
      await session.close()
    }
  }
}

const deeds = {
  async open() {
    session = await opened()
    session.signal.addEventListener('abort', () => tell('lost', session.signal.reason.message))
    return session.id
  },
  session: () => Promise.resolve({ id: session.id, lost: session.signal.aborted }),
  async lock(name) {
    const lease = await session.mutex(name).lock()
    leases.set(name, lease)
    return lease.token
  },
  async tryLock(name) {
    const lease = await session.mutex(name).tryLock()
    if (lease === null) return null
    leases.set(name, lease)
    return lease.token
  },
  held: (name) => Promise.resolve(!leases.get(name).signal.aborted),
  async release(name) {
    await leases.get(name).release()
    leases.delete(name)
  },
  put: (key, value) => storage.put({ key, value }),
  get: async (key) => textOf((await storage.get(key)).value),
  watch: (prefix) =>
    new Promise((resolve, reject) => {
      void (async () => {
        for await (const { kind, records = [], changes = [] } of storage.watch({ prefix })) {
          if (kind === 'snapshot') resolve()
          // A host that has not seen the changes itself tells what is there.
          for (const { value } of records) tell('seen', textOf(value))
          for (const change of changes) {
            if (change.kind === 'put') tell('seen', textOf(change.record.value))
          }
        }
      })().catch(reject)
    }),
  async openTask(theme, record) {
    await pipe.configure(theme, { name: `theme-${theme}`, delaySeconds: 0 })
    const task = await pipe.open(theme, record)
    await task.store()
    return String(task.id)
  },
  async handleTask(theme) {
    return new Promise((resolve, reject) => {
      pipe
        .handle(theme, async ({ records, task }) => {
          await task.delete()
          resolve(records.map(textOf))
        })
        .catch(reject)
    })
  },
  /** Takes the lock and writes a record in it, over and over, until the process is killed; a line in `log` says what has been done. */
  storm: (log) => storm((line) => appendFileSync(log, `${line}\n`)),
  nodes: async () => (await client.listNodes()).map(({ path }) => path),
  async close() {
    await client.close()
  },
}

process.on('message', ({ id, deed, words }) => {
  deeds[deed](...words).then(
    (result) => process.send({ id, result }),
    (error) => process.send({ id, error: String(error) }),
  )
})
process.once('disconnect', () => process.exit())
tell('ready')
