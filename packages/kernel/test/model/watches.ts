/** A plain model of watches: who hears of the next change of a name, and who is to be shown what it has become. */
import type { Ground, Session } from './ground.ts'

export type Watch = {
  session: Session
  name: string
  request: bigint
  data: boolean
  owners: boolean
  /** What a watch that stands is shown; null for one that does not. */
  stands: { owners: boolean; waiters: boolean } | null
}

export class Watches {
  all: Watch[] = []
  /** Those that stand, and have not been shown the latest change. */
  due = new Set<Watch>()
  readonly #ground: Ground

  constructor(ground: Ground) {
    this.#ground = ground
  }

  find(session: Session, name: string): Watch | undefined {
    return this.all.find((other) => other.session === session && other.name === name)
  }

  /** In place of an older one, which hears of that. */
  set(watch: Watch): void {
    const old = this.find(watch.session, watch.name)
    if (old !== undefined) this.#fire(old, false, false)
    this.all.push(watch)
  }

  forget(session: Session): void {
    this.all = this.all.filter((watch) => watch.session !== session)
  }

  takeBack(session: Session, request: bigint): void {
    this.all = this.all.filter(
      (it) => it.stands === null || it.session !== session || it.request !== request,
    )
  }

  /** Those that must be shown something now. */
  takeDue(): Watch[] {
    const due = this.all.filter((watch) => this.due.has(watch))
    this.due.clear()
    return due
  }

  /** First who watches data only, then who watches owners only, then who watches both. */
  tell(name: string, data: boolean, owners: boolean): void {
    const kinds = [data && [true, false], owners && [false, true], (data || owners) && [true, true]]
    for (const kind of kinds) {
      const told = this.all.filter(
        (it) => kind && it.name === name && it.data === kind[0] && it.owners === kind[1],
      )
      for (const watch of told) {
        if (watch.stands === null) this.#fire(watch, data, owners)
        else this.due.add(watch)
      }
    }
  }

  #fire(watch: Watch, data: boolean, owners: boolean): void {
    this.all = this.all.filter((it) => it !== watch)
    const { id: session, stream } = watch.session
    const to = { stream: stream ?? -1, requestId: watch.request, session }
    this.#ground.say({ kind: 'changed', ...to, data, owners })
  }
}
