/** Data that a command line gives: as an argument, or from stdin when the argument is `-`. */
import type { CommandContext } from './context.ts'

export async function readData(context: CommandContext, argument: string): Promise<Uint8Array> {
  if (argument !== '-') return new TextEncoder().encode(argument)
  const chunks: Uint8Array[] = []
  for await (const chunk of context.world.stdin as AsyncIterable<Buffer | string>) {
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}
