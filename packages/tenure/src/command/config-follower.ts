/** A running server's configuration file: read again whenever it is asked for, one time after the other. */
import type { Log } from '@tenure/server'
import { ConfigError, readConfigFile } from '../config/config-file.ts'
import type { ConfigFile } from '../config/config-file.ts'
import type { NodeSetup } from '../node-setup.ts'
import type { Serving } from '../serve.ts'
import { UsageError } from './failure.ts'
import type { ServeCommandOptions, ServeSettings } from './serve-options.ts'
import { differences, settingsOf } from './serve-options.ts'

export interface FollowedConfig {
  readonly file: string
  readonly options: ServeCommandOptions
  /** What the server runs with. */
  readonly settings: ServeSettings
  readonly log: Log
}

/** @throws UsageError with all that is wrong in the file */
export function readConfig(file: string, { database }: ServeCommandOptions): ConfigFile {
  try {
    return readConfigFile(file, database)
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message)
    throw error
  }
}

export class ConfigFollower {
  readonly #config: FollowedConfig
  #serving: Serving | null = null
  #isWanted = false
  #isReading = false

  constructor(config: FollowedConfig) {
    this.#config = config
  }

  /** The server is there: from now on the file is read when that is asked for, and at once if it was before. */
  follow(serving: Serving): void {
    this.#serving = serving
    this.#read()
  }

  /** What is asked for while the file is read makes it be read once more. */
  again(): void {
    this.#isWanted = true
    this.#read()
  }

  #read(): void {
    if (this.#serving === null || !this.#isWanted || this.#isReading) return
    this.#isReading = true
    void this.#readAll(this.#serving)
  }

  async #readAll(serving: Serving): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false
      await this.#take(serving)
    }
    this.#isReading = false
  }

  /** Never rejects. A file that is wrong changes nothing. */
  async #take(serving: Serving): Promise<void> {
    const { file, options, log } = this.#config
    try {
      const { settings, nodes } = readConfigFile(file, options.database)
      this.#tellOfSettings(settingsOf(options, settings))
      await this.#configure(serving, nodes)
    } catch (error) {
      const problems = error instanceof ConfigError ? error.problems : [String(error)]
      for (const problem of problems) {
        log.error('the configuration was read again and not taken', { file, problem })
      }
    }
  }

  async #configure(serving: Serving, nodes: readonly NodeSetup[]): Promise<void> {
    const { file, log } = this.#config
    const changes = await serving.configure(nodes)
    for (const { path, theme } of changes) {
      log.info('a theme was configured anew', { file, path, theme })
    }
    log.info('the configuration was read again', { file, themes: changes.length })
  }

  #tellOfSettings(wanted: ServeSettings): void {
    const { file, settings, log } = this.#config
    for (const setting of differences(settings, wanted)) {
      log.warn('a setting was changed that the server takes only when it starts', { file, setting })
    }
  }
}
