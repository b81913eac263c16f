/** What `tenure serve` does: a server in this process until a signal ends it, or its engine fails. */
import { DamagedError, EngineError } from '@tenure/engine'
import type { Log } from '@tenure/server'
import { isLoopback } from '@tenure/server'
import { openLog } from '../log.ts'
import type { LogFormat } from '../log-format.ts'
import type { NodeSetup } from '../node-setup.ts'
import { NodeSetupError } from '../node-setup-error.ts'
import type { Serving } from '../serve.ts'
import { noticeMsOf } from '../duration.ts'
import { parseListen, serve } from '../serve.ts'
import { ConfigFollower, readConfig } from './config-follower.ts'
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
import type { ServeCommandOptions, ServeSettings } from './serve-options.ts'
import { settingsOf } from './serve-options.ts'
import { readUsers } from './users.ts'

const STOPPING: ReadonlySet<ForwardedSignal> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])

/** @returns the exit code */
export async function serveUntilStopped(
  context: CommandContext,
  options: ServeCommandOptions,
): Promise<number> {
  const file = options.config ?? (context.world.environment['TENURE_CONFIG'] || null)
  const config = file === null ? null : readConfig(file, options)
  const settings = settingsOf(options, config?.settings ?? {})
  const log = openLog(settings.logFormat ?? usualFormat(context), context.world.stderr)
  const follower = file === null ? null : new ConfigFollower({ file, options, settings, log })
  const signals = new ServeSignals(context, follower)
  try {
    await using serving = await start(settings, { nodes: config?.nodes ?? [], log })
    announce(context, serving)
    follower?.follow(serving)
    const signal = await Promise.race([signals.stop, failureOf(serving)])
    context.output.talk(`stopping on ${signal}; a second signal ends it at once`)
    await serving.close()
    return EXIT_DONE
  } finally {
    signals.close()
  }
}

function usualFormat({ world: { stderr } }: CommandContext): LogFormat {
  return 'isTTY' in stderr && stderr.isTTY === true ? 'text' : 'json'
}

/** Rejects when the engine has failed. Another process may find it in order: what is durable can be read again. */
function failureOf({ failed }: Serving): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => {
      const message = `${failed.reason.message}; the server has ended, start it again when the cause is gone`
      const code = failed.reason instanceof DamagedError ? EXIT_DAMAGED : EXIT_DISK
      reject(new CommandFailure(code, message))
    }
    if (failed.aborted) fail()
    failed.addEventListener('abort', fail, { once: true })
  })
}

/**
 * The signals to a server. The first that ends it does so in good order, the second at once. A server that has a configuration
 * file reads that again on HUP; one without ends.
 */
class ServeSignals {
  readonly stop: Promise<ForwardedSignal>
  #undivert: () => void = () => {}
  #isStopping = false

  constructor({ world }: CommandContext, follower: ConfigFollower | null) {
    this.stop = new Promise((resolve) => {
      this.#undivert = world.interrupts.divert((signal) => {
        if (signal === 'SIGHUP' && follower !== null) return follower.again()
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

async function start(
  settings: ServeSettings,
  more: { readonly nodes: readonly NodeSetup[]; readonly log: Log },
): Promise<Serving> {
  const { listen, http, advertise, notice, insecure, users, ...rest } = settings
  for (const address of [listen, http]) {
    if (insecure || isLoopback(parseListen(address).host)) continue
    throw new UsageError(
      `others can reach ${address}, and nobody is asked who they are: listen on 127.0.0.1, or allow it with --insecure`,
    )
  }
  try {
    return await serve({
      engine: rest.engine,
      allowUnsafeEngine: rest.allowUnsafeEngine,
      listen,
      http,
      database: rest.database,
      ...(notice === null ? {} : { noticeMs: noticeMsOf(notice) }),
      ...(advertise === null ? {} : { advertise }),
      insecure,
      users: users === null ? {} : readUsers(users),
      ...more,
    })
  } catch (error) {
    throw startFailure(error)
  }
}

/** Says what stands in the way of a start, where that is known. */
function startFailure(error: unknown): unknown {
  if (error instanceof DamagedError) return new CommandFailure(EXIT_DAMAGED, error.message)
  if (error instanceof EngineError || error instanceof NodeSetupError) {
    return new CommandFailure(EXIT_UNREACHABLE, error.message)
  }
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
