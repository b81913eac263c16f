/**
 * Where servers take the tasks of some themes: a handler behind an address, as reliable as such things are. It is judged like a program.
 */
import type { Endpoint, Errand, Verdict } from '@tenure/server'
import type { AttemptName } from '../judge/task-drivers.ts'
import type { Process } from '../machine/process.ts'
import { newValue, textOf } from '../programs/record-values.ts'
import type { Random } from '../random.ts'
import type { Scene } from '../scene.ts'

const LATENCY_MS = 2
const WORK_MS = 300
const HANG_MS = 10_000
const WISHES_MAX = 3
const DELAY_SECONDS_MAX = 2
/** How often nobody is there, as long as the storm lasts. */
const ABSENT_SHARE = 0.15

const WAYS = ['delete', 'delete', 'delete', 'store', 'end', 'hang', 'hang'] as const

const GONE: Verdict = { kind: 'failed', failure: 'nobody is there', isUnreachable: true }

export class TaskHouse implements Endpoint {
  readonly name: string
  readonly process: Process
  readonly world: Scene
  readonly random: Random
  readonly writer: string

  /** @param server the process that comes with tasks; the house lives no longer than that */
  constructor(world: Scene, server: Process, random: Random) {
    this.world = world
    this.process = server
    this.random = random
    this.name = `${server.name}/house`
    this.writer = `${this.name}.${world.nextSerial()}`
  }

  note(text: string): void {
    this.world.trace.note(this.name, text)
  }

  async reach(): Promise<boolean> {
    await this.#sleep(LATENCY_MS)
    return !this.#isAbsent
  }

  async carry(errand: Errand): Promise<Verdict> {
    const { handOut, signal } = errand
    await this.#sleep(LATENCY_MS)
    if (this.#isAbsent) {
      this.world.marks.reached('nobody is where a task is taken')
      return GONE
    }
    const { task, attempt, records } = handOut
    const name = { index: task.index, attempt }
    this.world.marks.reached('a task is taken to a handler')
    const handed = { ...name, records: records.map(textOf), signal, byServer: true }
    this.world.judge.tasks.handed(this, handed)
    await this.#sleep(this.random.exponential(WORK_MS))
    try {
      return await this.#work(errand, name)
    } catch {
      // The hand-out was called off.
      return GONE
    }
  }

  close(): void {}

  async #work(errand: Errand, name: AttemptName): Promise<Verdict> {
    const { random, world } = this
    const { tasks } = world.judge
    const way = world.isHealed ? 'delete' : random.pick(WAYS)
    const wishes = random.whole(0, WISHES_MAX)
    for (let wish = 0; wish < wishes; wish += 1) await this.#write(errand, name)
    if (way === 'hang') await this.#hang(errand)
    tasks.histories.calling(this, name.index, {
      kind: way === 'delete' ? 'delete' : 'store',
      attempt: name.attempt,
    })
    if (way === 'delete') return { kind: 'delete' }
    tasks.failed(name)
    if (way === 'end') return { kind: 'ended' }
    if (way === 'hang') return { kind: 'failed', failure: 'it hung', isUnreachable: false }
    const delaySeconds = random.whole(0, DELAY_SECONDS_MAX)
    return { kind: 'store', delaySeconds, failure: 'later' }
  }

  async #write(errand: Errand, { index, attempt }: AttemptName): Promise<void> {
    const { texts, histories } = this.world.judge.tasks
    const kind = this.random.chance(0.3) ? 'replace' : 'append'
    const text = newValue(this)
    const recording = histories.calling(this, index, { kind, attempt, record: text })
    const outcome = await errand.wish({ kind, record: Buffer.from(text) })
    if (outcome.kind === 'refused') return texts.refused(text)
    recording.returned()
    texts.acknowledged(text, { index, attempt })
  }

  #hang({ signal }: Errand): Promise<void> {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true })
      this.process.after(HANG_MS, resolve)
    })
  }

  get #isAbsent(): boolean {
    return !this.world.isHealed && this.random.chance(ABSENT_SHARE)
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.process.after(ms, resolve))
  }
}
