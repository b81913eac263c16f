/** One power loss. */
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { BuiltServer, NotServing } from './built-server.ts'
import type { Image } from './image.ts'
import { forgotten } from './judge.ts'
import type { Knowledge } from './knowledge.ts'

/** The words that the server has sent before it stopped are read in so many turns. */
const TURNS_TO_READ = 20

export interface Aftermath {
  /** What a server on the rest did not know any more. */
  readonly forgotten: readonly string[]
}

/** Takes what a power loss would leave now of `image`, and compares a server on it with what clients know. */
export async function losePower(
  server: BuiltServer,
  image: Image,
  knowledge: Knowledge,
): Promise<Aftermath> {
  server.stop()
  let known: Knowledge
  let copy: Image
  try {
    copy = image.copy()
    // What was on its way to the clients was sent before the loss.
    for (let turn = 0; turn < TURNS_TO_READ; turn += 1) await setImmediate()
    known = knowledge.frozen()
  } finally {
    server.goOn()
  }
  try {
    await using second = await BuiltServer.start(join(copy.folder, 'store'))
    return { forgotten: await forgotten(second.address, known) }
  } catch (error) {
    if (!(error instanceof NotServing)) throw error
    return { forgotten: [error.message] }
  } finally {
    copy[Symbol.dispose]()
  }
}
