/** The themes of a node: which kinds of work there are. */
import { invariant } from '../invariant.ts'
import type { Root } from '../root.ts'
import { THEMES_KEY } from '../rows/task-keys.ts'
import { encodeThemes } from '../rows/themes-row.ts'
import { encodeTotals } from '../rows/totals-row.ts'
import type { ThemeTotals } from '../rows/totals-row.ts'
import { utf8Length } from '../utf8.ts'
import type { ConfigureTheme, ListThemes, ThemeConfig } from './command.ts'
import { Theme } from './theme.ts'

const U32_MAX = 0xffff_ffff
const CONCURRENCY_MAX = 1_000_000

export class Themes {
  readonly #root: Root
  readonly #byNumber = new Map<number, Theme>()
  /** A new array with every change. */
  #configs: readonly ThemeConfig[] = []
  /** Of which the counts of stored or dead tasks have changed in this step. */
  readonly #moved = new Set<Theme>()
  #kept = 0

  constructor(root: Root) {
    this.#root = root
  }

  /** Ascending. */
  get configs(): readonly ThemeConfig[] {
    return this.#configs
  }

  get size(): number {
    return this.#byNumber.size
  }

  /** Stored and dead tasks of all themes. */
  get kept(): number {
    return this.#kept
  }

  find(theme: number): Theme | undefined {
    return this.#byNumber.get(theme)
  }

  all(): IterableIterator<Theme> {
    return this.#byNumber.values()
  }

  /** @returns the theme; null when it was refused */
  configure(command: ConfigureTheme): Theme | null {
    const { turn, limits } = this.#root
    const { config } = command
    const problem = this.#problemOf(config)
    if (problem !== null) {
      turn.refuse(command, 'INVALID_ARGUMENT', problem)
      return null
    }
    const present = this.#byNumber.get(config.theme)
    if (present === undefined && this.#byNumber.size >= limits.themesMax) {
      turn.refuse(command, 'PRECONDITION_FAILED', `the node has ${limits.themesMax} themes`)
      return null
    }
    const theme = present ?? this.#enter(config)
    theme.config = config
    this.#list()
    turn.put(THEMES_KEY, encodeThemes(this.#configs))
    turn.say({ kind: 'done', stream: command.stream, requestId: command.requestId })
    return theme
  }

  tell({ stream, requestId }: ListThemes): void {
    const themes = this.#configs.map(({ theme }) => this.#byNumber.get(theme)?.view)
    this.#root.turn.say({
      kind: 'themes-listed',
      stream,
      requestId,
      themes: themes.filter((view) => view !== undefined),
    })
  }

  restore(configs: readonly ThemeConfig[]): void {
    for (const config of configs) this.#enter(config).queue.forgetAll()
    this.#list()
  }

  restoreTotals(number: number, totals: ThemeTotals): void {
    const { stored, dead } = totals
    const theme = this.#byNumber.get(number)
    invariant(theme !== undefined, 'I-16', 'totals', number)
    theme.stored = stored
    theme.dead = dead
    theme.written = totals
    this.#kept += stored + dead
  }

  /** A task of the theme has become stored or dead, or is it no more. */
  totalsMoved(theme: Theme, by: 1 | -1): void {
    this.#kept += by
    this.#moved.add(theme)
  }

  /** Belongs to the step that has changed them, not to its commit: later steps may have changed them further by then. */
  putTotals(): void {
    if (this.#moved.size === 0) return
    const { turn } = this.#root
    for (const theme of this.#moved) {
      const { stored, dead, written } = theme
      // What was stored and handed out in one step has changed nothing.
      if (stored === written.stored && dead === written.dead) continue
      theme.written = { stored, dead }
      if (stored + dead > 0) turn.put(theme.totalsKey, encodeTotals(theme))
      else turn.delete(theme.totalsKey)
    }
    this.#moved.clear()
  }

  clear(): void {
    this.#byNumber.clear()
    this.#list()
    this.#moved.clear()
    this.#kept = 0
  }

  #enter(config: ThemeConfig): Theme {
    const theme = new Theme(config, this.#root.limits)
    this.#byNumber.set(config.theme, theme)
    return theme
  }

  #list(): void {
    this.#configs = [...this.#byNumber.values()]
      .map(({ config }) => config)
      .sort((left, right) => left.theme - right.theme)
  }

  #problemOf(config: ThemeConfig): string | null {
    const { themeNameBytesMax, themeHandlerBytesMax, taskBytesMax } = this.#root.limits
    const { delaySeconds, jitterSeconds, repeatsMax, handlerSeconds, concurrency } = config
    for (const value of [config.theme, delaySeconds, jitterSeconds, repeatsMax, handlerSeconds]) {
      if (!isWithin(value, 0, U32_MAX)) return 'the numbers of a theme are whole, 0 to 2^32-1'
    }
    if (!isWithin(concurrency, 1, CONCURRENCY_MAX)) {
      return `the concurrency must be from 1 to ${CONCURRENCY_MAX}, got ${concurrency}`
    }
    if (!isWithin(config.taskBytesMax, 1, taskBytesMax)) {
      return `the size of a task must be from 1 to ${taskBytesMax} bytes, got ${config.taskBytesMax}`
    }
    if (!isText(config.name, themeNameBytesMax)) {
      return `the name of a theme has at most ${themeNameBytesMax} bytes`
    }
    return isText(config.handler, themeHandlerBytesMax)
      ? null
      : `the address of a handler has at most ${themeHandlerBytesMax} bytes`
  }
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function isText(text: string, bytesMax: number): boolean {
  const bytes = utf8Length(text)
  return bytes >= 0 && bytes <= bytesMax
}
