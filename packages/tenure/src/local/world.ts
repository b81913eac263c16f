/**
 * Servers inside this process, shared by all clients that name the same one.
 *
 * A world begins with its first user and ends with its last. One that is asked for while it ends begins anew, after the
 * end: two engines must never have one directory open.
 */
import type { Engine } from '@tenure/engine'
import type { HostContract } from '@tenure/server'

/** One client's part in a world. */
export interface WorldUse {
  readonly host: Promise<HostContract>
  /** Gives the part back; the last one closes the world. May be called twice. */
  release(): Promise<void>
}

export interface WorldMaker {
  openEngine(): Engine | Promise<Engine>
  openHost(engine: Engine): HostContract | Promise<HostContract>
}

interface World {
  readonly host: Promise<HostContract>
  readonly engine: Promise<Engine>
  users: number
}

export class Worlds {
  readonly #worlds = new Map<string, World>()
  /** Worlds that are closing, by key. Never reject. */
  readonly #endings = new Map<string, Promise<void>>()

  use(key: string, maker: WorldMaker): WorldUse {
    const world = this.#worlds.get(key) ?? this.#begin(key, maker)
    world.users += 1
    let released: Promise<void> | undefined
    return {
      host: world.host,
      release: () => {
        released ??= this.#release(key, world)
        return released
      },
    }
  }

  #begin(key: string, maker: WorldMaker): World {
    const engine = (this.#endings.get(key) ?? Promise.resolve()).then(() => maker.openEngine())
    const host = engine.then((opened) => maker.openHost(opened))
    const world: World = { engine, host, users: 0 }
    this.#worlds.set(key, world)
    // Whoever uses the world sees the failure. The next user tries again.
    host.catch(() => {
      if (this.#worlds.get(key) === world) this.#worlds.delete(key)
    })
    return world
  }

  async #release(key: string, world: World): Promise<void> {
    world.users -= 1
    if (world.users > 0) return
    if (this.#worlds.get(key) === world) this.#worlds.delete(key)
    const before = this.#endings.get(key) ?? Promise.resolve()
    const ending = before.then(() => close(world))
    const settled = ending.catch(() => {})
    this.#endings.set(key, settled)
    try {
      await ending
    } finally {
      if (this.#endings.get(key) === settled) this.#endings.delete(key)
    }
  }
}

async function close(world: World): Promise<void> {
  let engine: Engine
  try {
    engine = await world.engine
  } catch {
    // It never opened.
    return
  }
  try {
    await (await world.host).close()
  } finally {
    await engine.close()
  }
}
