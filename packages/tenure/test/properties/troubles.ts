/** What happens to programs and servers without anybody's deed. */
import { ok } from 'node:assert/strict'
import { aliveOf, isCalm, Move } from './deed.ts'
import { GRAIN_MS } from './grain.ts'
import type { Model } from './model.ts'
import { type HostEnd, RECOVERY_MS, SESSION_TIMEOUT_MS, type World } from './world.ts'

async function pass(model: Model, world: World, ms: number): Promise<void> {
  await world.advance(ms)
  model.advance(world.nowMs)
}

/** The program's link dies without a word: it must give up before the server gives its units to others. */
export class Lose extends Move<World> {
  readonly #who: number

  constructor(who: number) {
    super({ who })
    this.#who = who
  }

  check(model: Readonly<Model>): boolean {
    return aliveOf(model, this.#who) !== undefined && isCalm(model)
  }

  async act(model: Model, world: World): Promise<void> {
    const session = aliveOf(model, this.#who)
    ok(session !== undefined)
    world.link(session.index).die()
    await pass(model, world, SESSION_TIMEOUT_MS - 10 * GRAIN_MS)
    model.believeLost(session)
    await world.verify(model)
    await pass(model, world, 11 * GRAIN_MS)
    model.free(session)
  }
}

export class Wait extends Move<World> {
  readonly #ms: number

  constructor(ms: number) {
    super({ ms })
    this.#ms = ms
  }

  check(): boolean {
    return true
  }

  async act(model: Model, world: World): Promise<void> {
    await pass(model, world, this.#ms)
  }
}

export class Replace extends Move<World> {
  readonly #how: HostEnd

  constructor(how: HostEnd) {
    super({ how })
    this.#how = how
  }

  check(model: Readonly<Model>): boolean {
    return isCalm(model)
  }

  async act(model: Model, world: World): Promise<void> {
    await world.replaceHost(this.#how)
    model.advance(world.clock.monotonicMs())
    await pass(model, world, RECOVERY_MS)
  }
}
