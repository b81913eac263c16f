/** One power loss. */
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { BuiltServer, NotServing } from '../../built-server.ts'
import type { Image } from './image.ts'
import { forgotten } from './judge.ts'
import type { Knowledge } from './knowledge.ts'

/** The folder of the store, in the folder of the image. */
const STORE = 'store'
/** The words that the server has sent before it stopped are read in so many turns. */
const TURNS_TO_READ = 20

/** Where the store lies on this image. */
export function storeOn(image: Image): string {
  return join(image.folder, STORE)
}

/**
 * Takes what a power loss would leave now of `image`, and compares a server on it with what clients know.
 *
 * @returns what that server does not know, in words
 */
export async function losePower(
  server: BuiltServer,
  image: Image,
  knowledge: Knowledge,
): Promise<string[]> {
  server.stop()
  let copy: Image | undefined
  try {
    copy = image.copy()
    // What was on its way to the clients was sent before the loss.
    for (let turn = 0; turn < TURNS_TO_READ; turn += 1) await setImmediate()
    const known = knowledge.frozen()
    server.goOn()
    return await forgottenOn(copy, known)
  } finally {
    server.goOn()
    copy?.[Symbol.dispose]()
  }
}

/** What a server on this image does not know of what clients know, in words. */
export async function forgottenOn(image: Image, known: Knowledge): Promise<string[]> {
  try {
    await using server = await BuiltServer.start(storeOn(image))
    return await forgotten(server.address, known)
  } catch (error) {
    if (!(error instanceof NotServing)) throw error
    return [error.message]
  }
}
