/**
 * All watchers of a session, by name.
 *
 * The server keeps one watch for each session and name, and a second one ends the first. So the watchers of a name share one
 * watch on the wire, set with the flags of all of them together, and each is told what concerns it. Where the server can, the watch on the wire
 * stands and shows each new state. Elsewhere it fires once, and is set again by the describe that reads the new state. Either way
 * states in between may be missed, the last one never.
 */
import { Backoff } from '../backoff.ts'
import { sameBytes } from '../bytes.ts'
import type { Clock, Timer } from '../clock.ts'
import { errorOf } from '../errors.ts'
import type {
  Answer,
  Attachment,
  DescribeRequest,
  Description,
  Holder,
  News,
  Refusal,
} from '../link/link.ts'
import type { Random } from '../random.ts'

export interface WatchFlags {
  readonly owners: boolean
  readonly waiters: boolean
  readonly watchData: boolean
  readonly watchOwners: boolean
}

export interface Watcher {
  readonly flags: WatchFlags
  /** Whether an absent semaphore is a state like others; else it is a failure. */
  readonly waitsWhenAbsent: boolean
  /** @param description null while the semaphore is absent */
  push(description: Description | null): void
  fail(error: unknown): void
}

export interface WatchesOptions {
  readonly clock: Clock
  readonly random: Random
  /** An answer says that the session is not ours any more. */
  readonly lost: (refusal: Refusal) => void
}

export class Watches {
  readonly #options: WatchesOptions
  readonly #names = new Map<string, NameWatch>()
  #channel: Channel | null = null

  constructor(options: WatchesOptions) {
    this.#options = options
  }

  /** @returns ends the watch */
  subscribe(name: string, watcher: Watcher): () => void {
    let watch = this.#names.get(name)
    if (watch === undefined) {
      watch = new NameWatch(name, this.#options)
      this.#names.set(name, watch)
    }
    const chosen = watch
    const subscription = chosen.add(watcher, this.#channel)
    return () => {
      chosen.delete(subscription)
      if (chosen.isIdle && this.#names.get(name) === chosen) this.#names.delete(name)
    }
  }

  /** The server knows no watch of this session: all are set again, on this attachment. */
  attached(attachment: Attachment, hasWatchAbsent: boolean): void {
    this.#channel = { attachment, hasWatchAbsent }
    for (const watch of this.#names.values()) watch.attached(this.#channel)
  }

  failAll(reason: unknown): void {
    const watches = [...this.#names.values()]
    this.#names.clear()
    this.#channel = null
    for (const watch of watches) watch.failAll(reason)
  }
}

interface Channel {
  readonly attachment: Attachment
  readonly hasWatchAbsent: boolean
}

interface Subscription {
  readonly watcher: Watcher
  /** The first describe that began after the watcher came: an earlier one may not show what the program did just before. */
  readonly since: number
  isFresh: boolean
}

/** The latest describe. */
interface Asked {
  readonly channel: Channel
  readonly request: DescribeRequest
  readonly sent: number
}

const FLAGS = ['owners', 'waiters', 'watchData', 'watchOwners'] as const

/** How often is looked for what the server cannot watch, an absent name or the queue: from half of this to all of it. */
const POLL_MS = 500

/** The watchers of one name. */
class NameWatch {
  readonly #name: string
  readonly #options: WatchesOptions
  readonly #backoff: Backoff
  readonly #subscriptions = new Set<Subscription>()
  #channel: Channel | null = null
  /** Describes are numbered; what belongs to an older one is out of date. */
  #number = 0
  #isDescribing = false
  #isStale = false
  #asked: Asked | null = null
  /** Whoever wanted a part of what was asked for has left. */
  #isTooWide = false
  #timer: Timer | null = null
  #last: Description | null | undefined = undefined

  constructor(name: string, options: WatchesOptions) {
    this.#name = name
    this.#options = options
    this.#backoff = new Backoff(options.random)
  }

  get isIdle(): boolean {
    return this.#subscriptions.size === 0
  }

  add(watcher: Watcher, channel: Channel | null): Subscription {
    const subscription = { watcher, since: this.#number + 1, isFresh: true }
    this.#subscriptions.add(subscription)
    this.#channel ??= channel
    this.#refresh()
    return subscription
  }

  delete(subscription: Subscription): void {
    this.#subscriptions.delete(subscription)
    if (this.isIdle) {
      this.#rest()
      this.#forget()
    } else {
      const request = this.#asked?.request
      this.#isTooWide ||= FLAGS.some((flag) => request?.[flag] === true && !this.#asks(flag))
    }
  }

  attached(channel: Channel): void {
    this.#channel = channel
    this.#isDescribing = false
    this.#refresh()
  }

  failAll(error: unknown): void {
    this.#rest()
    const subscriptions = [...this.#subscriptions]
    this.#subscriptions.clear()
    for (const { watcher } of subscriptions) watcher.fail(error)
  }

  #rest(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  // A watch that stands would go on without anybody who listens.
  #forget(): void {
    const asked = this.#asked
    this.#asked = null
    if (asked === null || asked.channel !== this.#channel || !setsWatch(asked.request)) return
    this.#number += 1
    this.#isDescribing = false
    asked.channel.attachment.forget(asked.sent)
  }

  // At most one describe is under way; what happens meanwhile makes one more when it has ended.
  #refresh(): void {
    this.#rest()
    if (this.#isDescribing) {
      this.#isStale = true
      return
    }
    const channel = this.#channel
    if (channel === null || this.isIdle) return
    this.#isDescribing = true
    this.#isStale = false
    this.#isTooWide = false
    this.#number += 1
    const number = this.#number
    const isCurrent = (): boolean => this.#number === number && this.#channel === channel
    const request = this.#request(channel)
    const sent = channel.attachment.send(
      request,
      (answer) => {
        if (isCurrent()) this.#answered(answer, channel)
      },
      (news) => {
        if (isCurrent()) this.#told(news)
      },
    )
    this.#asked = { channel, request, sent }
  }

  #told(news: News): void {
    if (news.kind !== 'shown') return this.#refresh()
    this.#deliver(news.description)
    if (this.#isTooWide) this.#refresh()
  }

  #request({ hasWatchAbsent }: Channel): DescribeRequest {
    return {
      kind: 'describe',
      name: this.#name,
      owners: this.#asks('owners'),
      waiters: this.#asks('waiters'),
      watchData: this.#asks('watchData'),
      watchOwners: this.#asks('watchOwners'),
      watchAbsent:
        hasWatchAbsent && [...this.#subscriptions].some(({ watcher }) => watcher.waitsWhenAbsent),
      watchStands: true,
    }
  }

  #asks(flag: keyof WatchFlags): boolean {
    return [...this.#subscriptions].some(({ watcher }) => watcher.flags[flag])
  }

  #answered(answer: Answer, channel: Channel): void {
    this.#isDescribing = false
    if (answer.kind === 'described') this.#described(answer.description)
    else if (answer.kind !== 'refused')
      throw new Error(`a describe was answered with ${answer.kind}`)
    else if (answer.code === 'NOT_FOUND') this.#absent()
    else if (answer.code === 'SESSION_EXPIRED' || answer.code === 'BAD_SESSION') {
      this.#options.lost(answer)
    } else if (answer.code === 'UNAVAILABLE' || answer.code === 'OVERLOADED') {
      this.#later(this.#backoff.nextMs())
    } else this.failAll(this.#error(answer))
    if (this.#isStale && this.#channel === channel) this.#refresh()
  }

  // That somebody joins or leaves the queue is no change that a server tells of.
  #described(description: Description | null): void {
    this.#deliver(description)
    if (this.#asks('waiters')) this.#poll()
  }

  #poll(): void {
    this.#later((POLL_MS / 2) * (1 + this.#options.random.fraction()))
  }

  #later(delayMs: number): void {
    this.#rest()
    this.#timer = this.#options.clock.after(delayMs, () => this.#refresh())
  }

  // Without a watch for the creation, time has to tell.
  #absent(): void {
    this.#deliver(null)
    if (!this.isIdle) this.#poll()
  }

  #deliver(description: Description | null): void {
    this.#backoff.reset()
    const last = this.#last
    this.#last = description
    for (const subscription of this.#subscriptions) {
      if (subscription.since > this.#number) continue
      const { watcher, isFresh } = subscription
      subscription.isFresh = false
      if (description === null && !watcher.waitsWhenAbsent) {
        this.#subscriptions.delete(subscription)
        watcher.fail(
          this.#error({ kind: 'refused', code: 'NOT_FOUND', message: 'no such semaphore' }),
        )
      } else if (isFresh || last === undefined || differs(watcher.flags, last, description)) {
        watcher.push(description)
      }
    }
  }

  #error(refusal: Refusal): Error {
    return errorOf(refusal, `cannot watch semaphore "${this.#name}"`)
  }
}

function setsWatch({ watchData, watchOwners }: DescribeRequest): boolean {
  return watchData || watchOwners
}

/** Whether what the flags ask for is another in two states of one semaphore. */
function differs(
  flags: WatchFlags,
  before: Description | null,
  after: Description | null,
): boolean {
  if (before === null || after === null) return before !== after
  if (before.limit !== after.limit || before.ephemeral !== after.ephemeral) return true
  if (flags.watchData && !sameBytes(before.data, after.data)) return true
  if (flags.owners && !sameHolders(before.owners, after.owners)) return true
  return flags.waiters && !sameHolders(before.waiters, after.waiters)
}

function sameHolders(before: readonly Holder[], after: readonly Holder[]): boolean {
  return (
    before.length === after.length &&
    before.every((holder, index) => {
      const other = after[index]
      return (
        other !== undefined &&
        holder.orderId === other.orderId &&
        holder.count === other.count &&
        holder.sessionId === other.sessionId &&
        sameBytes(holder.data, other.data)
      )
    })
  )
}
