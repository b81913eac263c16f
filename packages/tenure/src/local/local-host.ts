/** The coordination nodes of this process, under the same spelling of paths as a server's. Loaded when a world begins. */
import type { Engine } from '@tenure/engine'
import type { HostContract, HostedNode, PathRefusal } from '@tenure/server'
import { canonicalPath, Host, readLineage, wholeIncarnation } from '@tenure/server'
import { DEFAULT_DATABASE } from '../address.ts'
import { MalformedPathError } from './refusal.ts'

export class LocalHost implements HostContract {
  readonly #host: Host

  private constructor(host: Host) {
    this.#host = host
  }

  /** @throws EngineError when a restore into the engine has not come to its end */
  static async open(engine: Engine): Promise<LocalHost> {
    const incarnation = wholeIncarnation(await readLineage(engine), engine.name)
    return new LocalHost(new Host({ engine, incarnation }))
  }

  /** @throws MalformedPathError for what can be no path */
  async node(path: string, options: { create: boolean }): Promise<HostedNode | PathRefusal> {
    return this.#host.node(canonical(path), options)
  }

  async list(prefix: string): Promise<string[]> {
    return this.#host.list(/^\/*$/.test(prefix) ? '/' : canonical(prefix))
  }

  async settings(path: string): ReturnType<HostContract['settings']> {
    return this.#host.settings(canonical(path))
  }

  close(): Promise<void> {
    return this.#host.close()
  }
}

/** Any absolute path, in one database that is the root of all; what is not absolute is below `/local`. */
function canonical(path: string): string {
  const found = canonicalPath(path, '', DEFAULT_DATABASE)
  if (found.kind !== 'path') throw new MalformedPathError(found.message)
  return found.path
}
