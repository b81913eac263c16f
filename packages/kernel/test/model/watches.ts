/** A plain model of watches: who hears of the next change of a name. */
import type { Ground, Session } from './ground.ts'

export type Watch = {
  session: Session
  name: string
  request: bigint
  data: boolean
  owners: boolean
}

export class Watches {
  all: Watch[] = []
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

  /** First who watches data only, then who watches owners only, then who watches both. */
  tell(name: string, data: boolean, owners: boolean): void {
    const kinds = [data && [true, false], owners && [false, true], (data || owners) && [true, true]]
    for (const kind of kinds) {
      const told = this.all.filter(
        (it) => kind && it.name === name && it.data === kind[0] && it.owners === kind[1],
      )
      for (const watch of told) this.#fire(watch, data, owners)
    }
  }

  #fire(watch: Watch, data: boolean, owners: boolean): void {
    this.all = this.all.filter((it) => it !== watch)
    const { id: session, stream } = watch.session
    const to = { stream: stream ?? -1, requestId: watch.request, session }
    this.#ground.say({ kind: 'changed', ...to, data, owners })
  }
}
