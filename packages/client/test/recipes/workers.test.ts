// guards: X1, S2
import type { TaskLease, WorkersOptions, WorkerTask } from 'tenure'
import {
  ClientClosedError,
  NotFoundError,
  PreconditionFailedError,
  UnavailableError,
  UnsupportedError,
} from 'tenure'
import { expect, test, vi } from 'vitest'
import {
  aborted,
  deferred,
  openWorld,
  PATIENCE,
  untilWaiters,
  WORLDS,
  type World,
} from '../worlds.ts'
import { work } from '../../src/recipes/workers.ts'

/** A worker whose tasks run until they are told to stop, and what can be seen of it. */
class Worker {
  readonly running = new Map<
    string,
    { readonly task: WorkerTask; readonly lease: TaskLease; end(): void }
  >()
  readonly started: string[] = []
  readonly done: Promise<unknown>
  readonly #stop = new AbortController()

  constructor(world: World, options: Partial<WorkersOptions> = {}) {
    this.done = world.client
      .workers(
        {
          path: world.path,
          prefix: 'job-',
          tasks: 10,
          capacity: 4,
          run: (task, lease) => this.#run(task, lease),
          ...options,
        },
        this.#stop.signal,
      )
      .catch((error: unknown) => error)
  }

  async stop(): Promise<unknown> {
    this.#stop.abort(new Error('the shift is over'))
    return this.done
  }

  async #run(task: WorkerTask, lease: TaskLease): Promise<void> {
    this.started.push(task.name)
    await new Promise<void>((resolve) => {
      this.running.set(task.name, { task, lease, end: resolve })
      void aborted(lease.signal).then(() => resolve())
    })
    this.running.delete(task.name)
  }
}

/** Settles when `worker` runs `count` tasks. */
async function untilRuns(worker: Worker, count: number): Promise<void> {
  await vi.waitUntil(() => worker.running.size === count, PATIENCE)
}

const names = (...workers: readonly Worker[]): string[] =>
  workers.flatMap((worker) => [...worker.running.keys()]).toSorted()

test.for(WORLDS)('S1-06: tasks are shared out by prefix, number and capacity, %s', async (kind) => {
  await using world = await openWorld(kind)
  const workers = [1, 2, 3].map(() => new Worker(world))
  await vi.waitFor(() => expect(names(...workers)).toHaveLength(10), {
    interval: 1,
    timeout: 5_000,
  })
  expect(names(...workers)).toEqual(Array.from({ length: 10 }, (_, at) => `job-${at}`))
  expect(workers.map(({ running }) => running.size <= 4)).toEqual([true, true, true])
  await Promise.all(workers.map((worker) => worker.stop()))
})

test.for(WORLDS)(
  'S1-07: a worker keeps what fits its capacity and gives the rest back, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const worker = new Worker(world)
    await untilRuns(worker, 4)
    await vi.waitFor(async () => {
      const free = await Promise.all(
        Array.from({ length: 10 }, async (_, at) => {
          await using lease = await session
            .semaphore(`job-${at}`)
            .tryAcquire({ count: Infinity, ephemeral: true })
          return lease !== null
        }),
      )
      expect(free.filter(Boolean)).toHaveLength(6)
    }, PATIENCE)
    expect(worker.started).toHaveLength(4)
    await worker.stop()
  },
)

test.for(WORLDS)(
  'S1-08: each task starts when its lease arrives, with a token that fences it, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const held = await session.semaphore('job-0').acquire({ count: Infinity, ephemeral: true })
    const worker = new Worker(world, { tasks: 1, capacity: 1 })
    await untilWaiters(session.semaphore('job-0'), 1)
    expect(worker.started).toEqual([])
    await held.release()
    await untilRuns(worker, 1)
    expect(worker.running.get('job-0')?.lease.token).toBeGreaterThan(held.token)
    await worker.stop()
  },
)

test.for(WORLDS)('S1-09: at capacity the remaining acquires leave the queues, %s', async (kind) => {
  await using world = await openWorld(kind)
  await using session = await world.session()
  const held = await Promise.all(
    Array.from({ length: 5 }, (_, at) =>
      session.semaphore(`job-${at}`).acquire({ count: Infinity, ephemeral: true }),
    ),
  )
  const worker = new Worker(world, { tasks: 5, capacity: 1 })
  for (let at = 0; at < 5; at++) await untilWaiters(session.semaphore(`job-${at}`), 1)
  await held[3]?.release()
  await untilRuns(worker, 1)
  expect(names(worker)).toEqual(['job-3'])
  for (const at of [0, 1, 2, 4]) await untilWaiters(session.semaphore(`job-${at}`), 0)
  await worker.stop()
})

test.for(WORLDS)(
  'S1-10: tasks stop when the session is lost, and the worker starts over, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const opening = vi.spyOn(world.client, 'openSession')
    const worker = new Worker(world, { tasks: 2, capacity: 2 })
    await untilRuns(worker, 2)
    const leases = [...worker.running.values()].map(({ lease }) => lease)
    const session = await opening.mock.results[0]?.value
    await session?.close()
    for (const lease of leases) expect(lease.signal.aborted).toBe(true)
    await vi.waitFor(() => expect(worker.started).toHaveLength(4), PATIENCE)
    await untilRuns(worker, 2)
    expect(opening).toHaveBeenCalledTimes(2)
    await worker.stop()
  },
)

test.for(WORLDS)(
  'S1-11: an acquire error that will not mend stops all tasks and comes out, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    await session.semaphore('job-1').create({ limit: 1 })
    const worker = new Worker(world, { tasks: 2, capacity: 2 })
    expect(await worker.done).toBeInstanceOf(PreconditionFailedError)
    expect(worker.running.size).toBe(0)
  },
)

test.for(WORLDS)(
  'S1-11: an acquire error that may mend ends the round, and another one follows, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const job = session.semaphore('job-0', { limit: 1 })
    await using _held = await job.acquire()
    const opening = vi.spyOn(world.client, 'openSession')
    const worker = new Worker(world, { tasks: 1, capacity: 1, persistent: true })
    await untilWaiters(job, 1)
    await job.delete({ force: true })
    await untilRuns(worker, 1)
    expect(opening).toHaveBeenCalledTimes(2)
    await worker.stop()
  },
)

test('a worker waits for a server that is away', async () => {
  await using world = await openWorld('in process')
  const opening = vi
    .spyOn(world.client, 'openSession')
    .mockRejectedValueOnce(new UnavailableError('away'))
    .mockRejectedValueOnce(new UnavailableError('still away'))
  const worker = new Worker(world)
  await untilRuns(worker, 4)
  expect(opening).toHaveBeenCalledTimes(3)
  await worker.stop()
})

test.for(WORLDS)('a worker stops when its client is closed, %s', async (kind) => {
  await using world = await openWorld(kind)
  const worker = new Worker(world)
  await untilRuns(worker, 4)
  await world.client.close()
  expect(await worker.done).toBeInstanceOf(ClientClosedError)
  expect(worker.running.size).toBe(0)
})

test('a worker for a node that is not there stops with the reason', async () => {
  await using world = await openWorld('in process')
  const worker = new Worker(world, { path: '/local/nowhere' })
  expect(await worker.done).toBeInstanceOf(NotFoundError)
})

test('S1-07: chance decides the order in which a worker stands in line', async () => {
  await using world = await openWorld('in process')
  await using session = await world.session()
  const jobs = [0, 1, 2, 3].map((at) => session.semaphore(`job-${at}`))
  await Promise.all(jobs.map((job) => job.acquire({ count: Infinity, ephemeral: true })))
  const orders: string[][] = []
  for (const fraction of [0, 0.99]) {
    const stop = new AbortController()
    const working = work(
      {
        openSession: (path, options, signal) => world.client.openSession(path, options, signal),
        random: { fraction: () => fraction, bytes: (length) => new Uint8Array(length) },
      },
      { path: world.path, prefix: 'job-', tasks: 4, capacity: 1, run: () => {} },
      stop.signal,
    )
    for (const job of jobs) await untilWaiters(job, 1)
    const inLine = await Promise.all(
      jobs.map(async (job) => {
        const { name, waiters } = await job.describe({ waiters: true })
        return { name, order: waiters[0]?.orderId ?? 0n }
      }),
    )
    orders.push(
      inLine.toSorted((one, other) => Number(one.order - other.order)).map(({ name }) => name),
    )
    stop.abort(new Error('seen'))
    await expect(working).rejects.toThrow('seen')
  }
  expect(orders).toEqual([
    ['job-3', 'job-0', 'job-1', 'job-2'],
    ['job-0', 'job-1', 'job-2', 'job-3'],
  ])
})

test.for(WORLDS)(
  'S1-12: persistent tasks keep their state for the worker that comes next, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const states: string[] = []
    for (const step of ['', 'one', 'two']) {
      const stop = new AbortController()
      const working = world.client.workers(
        {
          path: world.path,
          prefix: 'job-',
          tasks: 1,
          capacity: 1,
          persistent: true,
          run: async (task, lease) => {
            states.push(new TextDecoder().decode(await task.load(lease.signal)))
            await task.save(step === '' ? 'one' : 'two', lease.signal)
            stop.abort(new Error('done'))
          },
        },
        stop.signal,
      )
      await expect(working).rejects.toThrow('done')
    }
    expect(states).toEqual(['', 'one', 'two'])
  },
)

test.for(WORLDS)('tasks that are not persistent have no state to save, %s', async (kind) => {
  await using world = await openWorld(kind)
  const worker = new Worker(world, { tasks: 1, capacity: 1 })
  await untilRuns(worker, 1)
  const { task } = worker.running.get('job-0') ?? {}
  expect(await task?.load()).toHaveLength(0)
  await expect(task?.save('x')).rejects.toBeInstanceOf(UnsupportedError)
  await worker.stop()
})

test.for(WORLDS)('S1-13: killing a worker hands its tasks to the others, %s', async (kind) => {
  await using world = await openWorld(kind)
  const one = new Worker(world, { tasks: 4, capacity: 4 })
  await untilRuns(one, 4)
  const two = new Worker(world, { tasks: 4, capacity: 4 })
  await one.stop()
  await untilRuns(two, 4)
  expect(names(one, two)).toEqual(['job-0', 'job-1', 'job-2', 'job-3'])
  await two.stop()
})

test.for(WORLDS)('a worker takes another task when one ends, %s', async (kind) => {
  await using world = await openWorld(kind)
  const worker = new Worker(world, { tasks: 6, capacity: 2 })
  for (let ended = 0; ended < 12; ended++) {
    await untilRuns(worker, 2)
    const [name] = worker.running.keys()
    worker.running.get(name ?? '')?.end()
    await vi.waitFor(() => expect(worker.started.length).toBeGreaterThan(ended + 2), {
      interval: 1,
    })
  }
  expect(new Set(worker.started).size).toBeGreaterThan(2)
  await worker.stop()
})

test.for(WORLDS)(
  'without refill a worker starts no more tasks than its capacity, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const worker = new Worker(world, { tasks: 2, capacity: 1, refill: false })
    await untilRuns(worker, 1)
    const [name = ''] = worker.running.keys()
    worker.running.get(name)?.end()
    await using _given = await session.semaphore(name).acquire({ count: Infinity, ephemeral: true })
    expect(worker.started).toEqual([name])
    expect(worker.running.size).toBe(0)
    await worker.stop()
  },
)

test.for(WORLDS)(
  'a stopped worker gives a task back only when the task has settled, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    await using session = await world.session()
    const begun = deferred()
    const told = deferred()
    const cleaned = deferred()
    const worker = new Worker(world, {
      tasks: 1,
      capacity: 1,
      run: async (_task, lease) => {
        begun.resolve()
        await aborted(lease.signal)
        told.resolve()
        await cleaned.promise
      },
    })
    await begun.promise
    const stopped = worker.stop()
    await told.promise
    expect(
      await session.semaphore('job-0').tryAcquire({ count: Infinity, ephemeral: true }),
    ).toBeNull()
    cleaned.resolve()
    expect(await stopped).toMatchObject({ message: 'the shift is over' })
    await using lease = await session
      .semaphore('job-0')
      .tryAcquire({ count: Infinity, ephemeral: true })
    expect(lease).not.toBeNull()
  },
)

test.for(WORLDS)('a task that fails stops the worker with its error, %s', async (kind) => {
  await using world = await openWorld(kind)
  const worker = new Worker(world, {
    tasks: 1,
    capacity: 1,
    run: () => {
      throw new Error('the oven is cold')
    },
  })
  expect(await worker.done).toMatchObject({ message: 'the oven is cold' })
})

test.for(WORLDS)(
  'a worker with somebody to take errors goes on and comes back to the task, %s',
  async (kind) => {
    await using world = await openWorld(kind)
    const failures: string[] = []
    let runs = 0
    const worker = new Worker(world, {
      tasks: 1,
      capacity: 1,
      failed: (error, task) => failures.push(`${task.name}: ${String(error)}`),
      run: async (_task, lease) => {
        if ((runs += 1) < 3) throw new Error('the oven is cold')
        await aborted(lease.signal)
      },
    })
    await vi.waitFor(() => expect(runs).toBe(3), PATIENCE)
    expect(failures).toEqual(['job-0: Error: the oven is cold', 'job-0: Error: the oven is cold'])
    await worker.stop()
  },
)

test('a number of tasks or a capacity that makes no sense is refused before anything is asked', async () => {
  await using world = await openWorld('in process')
  const options: WorkersOptions = {
    path: '/local/nowhere',
    prefix: 'job-',
    tasks: 1,
    capacity: 1,
    run: () => {},
  }
  for (const wrong of [0, -1, 1.5, Number.NaN, 100_001]) {
    await expect(world.client.workers({ ...options, tasks: wrong })).rejects.toBeInstanceOf(
      RangeError,
    )
  }
  await expect(world.client.workers({ ...options, capacity: 0 })).rejects.toBeInstanceOf(RangeError)
  const prefix = 'x'.repeat(1024)
  await expect(world.client.workers({ ...options, prefix })).rejects.toBeInstanceOf(RangeError)
  const pathOnly = Object.assign({ ...options }, { run: undefined })
  await expect(world.client.workers(pathOnly)).rejects.toBeInstanceOf(TypeError)
})
