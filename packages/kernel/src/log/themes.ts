/** The themes of a node: which kinds of work there are. */
import { invariant } from '../invariant.ts'
import type { Root } from '../root.ts'
import { THEMES_KEY, TOTALS_KEY } from '../rows/task-keys.ts'
import { encodeThemes } from '../rows/themes-row.ts'
import { encodeTotals } from '../rows/totals-row.ts'
import type { ThemeTotals } from '../rows/totals-row.ts'
import { utf8Length } from '../utf8.ts'
import type { Write } from '../write-set.ts'
import type { ConfigureTheme, ListThemes, ThemeConfig } from './command.ts'
import { Theme } from './theme.ts'

const U32_MAX = 0xffff_ffff
const CONCURRENCY_MAX = 1_000_000

export class Themes {
  readonly #root: Root
  readonly #byNumber = new Map<number, Theme>()
  /** A new array with every change. */
  #configs: readonly ThemeConfig[] = []
  #totalsMoved = false

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

  restoreTotals(totals: readonly ThemeTotals[]): void {
    for (const { theme: number, stored, dead } of totals) {
      const theme = this.#byNumber.get(number)
      invariant(theme !== undefined, 'I-16', 'totals', number)
      theme.stored = stored
      theme.dead = dead
    }
  }

  /** A count of stored or dead tasks has changed. */
  totalsMoved(): void {
    this.#totalsMoved = true
  }

  seal(): readonly Write[] {
    if (!this.#totalsMoved) return []
    this.#totalsMoved = false
    const totals: ThemeTotals[] = []
    for (const { config, stored, dead } of this.#byNumber.values()) {
      if (stored > 0 || dead > 0) totals.push({ theme: config.theme, stored, dead })
    }
    return [{ kind: 'put', key: TOTALS_KEY, value: encodeTotals(totals) }]
  }

  clear(): void {
    this.#byNumber.clear()
    this.#list()
    this.#totalsMoved = false
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
