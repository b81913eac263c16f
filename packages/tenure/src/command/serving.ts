/** What `tenure serve` does: a server in this process until a signal ends it, or its engine fails. */
import { DamagedError, EngineError } from '@tenure/engine'
import { isLoopback } from '@tenure/server'
import { openLog } from '../log.ts'
import type { Serving } from '../serve.ts'
import { parseListen, serve } from '../serve.ts'
import type { CommandContext } from './context.ts'
import {
  EXIT_DAMAGED,
  EXIT_DISK,
  EXIT_DONE,
  EXIT_UNREACHABLE,
  exitCodeOfSignal,
} from './exit-code.ts'
import { CommandFailure, UsageError } from './failure.ts'
import type { ForwardedSignal } from './interrupts.ts'
import type { ServeCommandOptions } from './serve-options.ts'
import { readUsers } from './users.ts'

const STOPPING: ReadonlySet<ForwardedSignal> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])

/** @returns the exit code */
export async function serveUntilStopped(
  context: CommandContext,
  options: ServeCommandOptions,
): Promise<number> {
  const stopping = new Stopping(context)
  try {
    await using serving = await start(context, options)
    announce(context, serving)
    const signal = await Promise.race([stopping.first, failureOf(serving)])
    context.output.talk(`stopping on ${signal}; a second signal ends it at once`)
    await serving.close()
    return EXIT_DONE
  } finally {
    stopping.close()
  }
}

/** Rejects when the engine has failed. Another process may find it in order: what is durable can be read again. */
function failureOf({ failed }: Serving): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => {
      const message = `${failed.reason.message}; the server has ended, start it again when the cause is gone`
      reject(new CommandFailure(EXIT_DISK, message))
    }
    if (failed.aborted) fail()
    failed.addEventListener('abort', fail, { once: true })
  })
}

/** The signals that end a server: the first in good order, the second at once. */
class Stopping {
  readonly first: Promise<ForwardedSignal>
  #undivert: () => void = () => {}
  #isStopping = false

  constructor({ world }: CommandContext) {
    this.first = new Promise((resolve) => {
      this.#undivert = world.interrupts.divert((signal) => {
        if (!STOPPING.has(signal)) return
        if (this.#isStopping) world.quit(exitCodeOfSignal(signal))
        this.#isStopping = true
        resolve(signal)
      })
    })
  }

  close(): void {
    this.#undivert()
  }
}

async function start(context: CommandContext, options: ServeCommandOptions): Promise<Serving> {
  const { data, engine, listen, http, database, insecure = false } = options
  if (data !== undefined && engine !== undefined) {
    throw new UsageError('--data and --engine exclude each other: --data DIR is --engine file:DIR')
  }
  for (const address of [listen, http]) {
    if (insecure || isLoopback(parseListen(address).host)) continue
    throw new UsageError(
      `others can reach ${address}, and nobody is asked who they are: listen on 127.0.0.1, or allow it with --insecure`,
    )
  }
  const { stderr } = context.world
  const format = options.logFormat ?? ('isTTY' in stderr && stderr.isTTY === true ? 'text' : 'json')
  try {
    return await serve({
      engine: data === undefined ? (engine ?? 'memory:') : `file:${data}`,
      listen,
      http,
      database,
      insecure,
      users: options.users === undefined ? {} : readUsers(options.users),
      log: openLog(format, stderr),
    })
  } catch (error) {
    throw startFailure(error)
  }
}

/** Says what stands in the way of a start, where that is known. */
function startFailure(error: unknown): unknown {
  if (error instanceof DamagedError) return new CommandFailure(EXIT_DAMAGED, error.message)
  if (error instanceof EngineError) return new CommandFailure(EXIT_UNREACHABLE, error.message)
  if (!(error instanceof Error) || !('code' in error)) return error
  switch (error.code) {
    case 'EADDRINUSE':
      return new CommandFailure(
        EXIT_UNREACHABLE,
        `${error.message}: another process listens there; end it, or choose another address with --listen and --http`,
      )
    case 'EACCES':
    case 'EADDRNOTAVAIL':
    case 'ENOTDIR':
    case 'EROFS':
      return new CommandFailure(EXIT_UNREACHABLE, error.message)
    default:
      return error
  }
}

function announce(context: CommandContext, serving: Serving): void {
  const { listen, http, engine, durable, database, address } = serving
  const kept = durable
    ? ''
    : '\n\n  NOTHING IS KEPT: all is gone when this process ends. Use --data DIR to keep it.'
  context.output.datum(
    { listen, http, engine, durable, database, address },
    `
  tenure serves ${address}
  engine        ${engine}
  status page   http://${http}${kept}

  Try it, in another terminal:

    export TENURE_CONNECTION_STRING=${address}
    node_modules/.bin/tenure lock printer -- sh -c 'echo "mine, token $TENURE_LOCK_TOKEN"'
    node_modules/.bin/tenure watch printer
`,
  )
}
