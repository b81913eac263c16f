/** Where the servers of a crew stand: each with proxies between it, the members of the engine, and the other servers. */
import { freePort } from '../../free-ports.ts'
import { Proxy } from '../../proxy.ts'
import type { Post } from './crew.ts'

export interface Ground {
  /** Ports on 127.0.0.1. */
  readonly members: readonly number[]
  /** @param hosts `host:port` of the members, by comma. @returns the address of the engine */
  readonly engine: (hosts: string) => string
}

export class Posts implements AsyncDisposable {
  readonly all: readonly Post[]

  private constructor(all: readonly Post[]) {
    this.all = all
  }

  static async of(count: number, ground: Ground): Promise<Posts> {
    return new Posts(await Promise.all(Array.from({ length: count }, () => postOn(ground))))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ways = this.all.flatMap((post) => post.ways)
    await Promise.all(ways.map((way) => way[Symbol.asyncDispose]()))
  }
}

async function postOn({ members, engine }: Ground): Promise<Post> {
  const toMembers = await Promise.all(members.map((port) => Proxy.open(port)))
  const port = await freePort()
  const fromOthers = await Proxy.open(port)
  const words = [
    '--engine',
    engine(toMembers.map(({ host }) => host).join(',')),
    '--listen',
    `127.0.0.1:${port}`,
    '--advertise',
    fromOthers.host,
  ]
  return { words, ways: [...toMembers, fromOthers] }
}
