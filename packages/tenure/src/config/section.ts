/** A map in a YAML file, read key by key: what is wrong is noted with its line, and reading goes on. */
import type { Document, LineCounter, YAMLMap } from 'yaml'
import { isAlias, isMap, isScalar, isSeq } from 'yaml'

const TEXT_BYTES_MAX = 4096

/** What is wrong in one file. */
export class Problems {
  readonly #file: string
  readonly #lines: LineCounter
  readonly #found: { readonly offset: number; readonly text: string }[] = []

  constructor(file: string, lines: LineCounter) {
    this.#file = file
    this.#lines = lines
  }

  /** @param offset where in the file, in characters */
  add(offset: number, text: string): void {
    this.#found.push({ offset, text })
  }

  /** Each as `file:line: what is wrong`, from the top of the file to its end. */
  get texts(): readonly string[] {
    const sorted = [...this.#found].sort((one, other) => one.offset - other.offset)
    return sorted.map(({ offset, text }) => {
      // An empty file has no lines.
      const line = this.#lines.linePos(offset).line || 1
      return `${this.#file}:${line}: ${text}`
    })
  }
}

/** A value in its place. */
export interface Place {
  /** The keys that lead here, with dots between them; empty for the whole file. */
  readonly trail: string
  /** Of the last of these keys. */
  readonly offset: number
  /** As the parser gives it. */
  readonly node: unknown
}

/** What all sections of one file share. */
export interface Reading {
  readonly document: Document.Parsed
  readonly problems: Problems
}

/** A map whose keys are names of settings. */
export class Section {
  readonly #reading: Reading
  readonly #trail: string
  readonly #places = new Map<string, Place>()

  /** @param keys all that may stand here; any other is a problem */
  constructor(reading: Reading, place: Place, keys: readonly string[]) {
    this.#reading = reading
    this.#trail = place.trail
    for (const [key, entry] of entriesOf(reading, place)) {
      if (keys.includes(key)) this.#places.set(key, entry)
      else reading.problems.add(entry.offset, `${entry.trail} is unknown here: ${listed(keys)}`)
    }
  }

  /** The entries of a map below a key. */
  entries(key: string): [key: string, entry: Place][] {
    const place = this.#places.get(key)
    return place === undefined ? [] : entriesOf(this.#reading, place)
  }

  /** @returns undefined when it does not stand here, or is no text of 1 to `bytesMax` bytes */
  text(key: string, bytesMax: number = TEXT_BYTES_MAX): string | undefined {
    const place = this.#places.get(key)
    if (place === undefined) return undefined
    const value = valueOf(place)
    if (typeof value !== 'string' || value === '') {
      this.note(key, `must be text, got ${shown(place)}`)
    } else if (Buffer.byteLength(value) > bytesMax) {
      this.note(key, `must have at most ${bytesMax} bytes, got ${Buffer.byteLength(value)}`)
    } else {
      return value
    }
    return undefined
  }

  flag(key: string): boolean | undefined {
    const place = this.#places.get(key)
    if (place === undefined) return undefined
    const value = valueOf(place)
    if (typeof value === 'boolean') return value
    this.note(key, `must be true or false, got ${shown(place)}`)
    return undefined
  }

  wholeNumber(key: string, bounds: { min: number; max: number }): number | undefined {
    const place = this.#places.get(key)
    if (place === undefined) return undefined
    const { min, max } = bounds
    const value = valueOf(place)
    if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) {
      return Number(value)
    }
    this.note(key, `must be a whole number from ${min} to ${max}, got ${shown(place)}`)
    return undefined
  }

  /** Notes what is wrong with a value that stands here. */
  note(key: string, text: string): void {
    const place = this.#places.get(key)
    if (place === undefined) return
    this.#reading.problems.add(place.offset, `${trailOf(this.#trail, key)} ${text}`)
  }
}

/** The entries of a map, in their order. Nothing counts as an empty one; anything else is noted. */
function entriesOf(reading: Reading, place: Place): [key: string, entry: Place][] {
  const { node, trail, offset } = place
  if (isMap(node)) return entriesOfMap(reading, node, place)
  if (valueOf(place) === null) return []
  const what = trail === '' ? 'the file' : trail
  reading.problems.add(offset, `${what} must be a map of keys and values, got ${shown(place)}`)
  return []
}

function entriesOfMap(
  { document, problems }: Reading,
  map: YAMLMap,
  { trail, offset: mapOffset }: Place,
): [key: string, entry: Place][] {
  const names = new Set<string>()
  return map.items.flatMap(({ key, value }): [string, Place][] => {
    if (!isScalar(key)) {
      problems.add(mapOffset, `a key of ${trail === '' ? 'the file' : trail} is no word`)
      return []
    }
    const name = String(key.value)
    const place = { trail: trailOf(trail, name), offset: key.range?.[0] ?? mapOffset }
    if (names.has(name)) problems.add(place.offset, `${place.trail} stands here a second time`)
    names.add(name)
    return [[name, { ...place, node: isAlias(value) ? value.resolve(document) : value }]]
  })
}

/** undefined for what is more than one word, null for nothing. */
function valueOf({ node }: Place): unknown {
  if (node === null) return null
  return isScalar(node) ? node.value : undefined
}

/** A value for people. */
function shown(place: Place): string {
  if (isMap(place.node)) return 'a map'
  if (isSeq(place.node)) return 'a list'
  const value = valueOf(place) ?? null
  return value === null ? 'nothing' : JSON.stringify(value)
}

function trailOf(trail: string, key: string): string {
  return trail === '' ? key : `${trail}.${key}`
}

function listed(keys: readonly string[]): string {
  const last = keys.at(-1) ?? ''
  const rest = keys.slice(0, -1)
  return `what may stand here is ${rest.length === 0 ? last : `${rest.join(', ')} and ${last}`}`
}
