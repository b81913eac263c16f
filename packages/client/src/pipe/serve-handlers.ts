/** The endpoint to which the server brings tasks: what a theme's `handler` names. */
import { kindOf, optionsOf } from '../arguments.ts'
import { outOfRange, wrongType } from '../wrong-argument.ts'
import { handlerOf, themeOf } from './arguments.ts'
import type { TaskHandler } from './hand-out.ts'

export interface ServeHandlersOptions {
  /** `host:port`; with port 0 a free one is taken. */
  readonly listen: string
}

export interface HandlersServing extends AsyncDisposable {
  /** `grpc://host:port`, as a theme's `handler` has it. */
  readonly address: string
  /** Takes nothing more, waits until what is at work has settled, and frees the port. Never rejects. */
  close(): Promise<void>
}

const LISTEN = /^(?:\[[0-9a-f:.]+\]|[^\s/:[\]]+):\d{1,5}$/i

/**
 * Handles tasks that the server brings: configure a theme with the address of this endpoint as its `handler`. Each task is one call, from
 * whatever node; a task of a theme without a handler goes back. Handlers are called as by `pipe.handle`.
 *
 * @param handlers by theme
 * @throws UnavailableError when nobody can listen there
 */
export async function serveHandlers(
  handlers: Readonly<Record<number, TaskHandler>>,
  options: ServeHandlersOptions,
): Promise<HandlersServing> {
  const byTheme = new Map<number, TaskHandler>()
  for (const [theme, handler] of Object.entries(optionsOf(handlers, 'handlers'))) {
    byTheme.set(themeOf(Number(theme)), handlerOf(handler))
  }
  const listen = listenOf(optionsOf(options, 'the options of serveHandlers').listen)
  const { HandlerServer } = await import('./handler-server.ts')
  const serving = new HandlerServer(byTheme)
  const port = await serving.listen(listen)
  const address = `grpc://${listen.replace(/:\d+$/, '')}:${port}`
  const close = (): Promise<void> => serving.close()
  return { address, close, [Symbol.asyncDispose]: close }
}

function listenOf(listen: string): string {
  if (typeof listen !== 'string') {
    throw wrongType(`listen must be a string, host:port, got ${kindOf(listen)}`)
  }
  if (LISTEN.test(listen)) return listen
  throw outOfRange(`listen must be host:port, such as 127.0.0.1:7000, got "${listen}"`)
}
