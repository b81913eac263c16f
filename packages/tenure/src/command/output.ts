/**
 * What the command says: data to stdout, talk to stderr.
 *
 * With `--json` every datum is one line of JSON. Numbers of 64 bits are strings in it, since JSON readers lose digits
 * above 2^53; bytes are text where they are UTF-8, else base64 under another name.
 */
import { once } from 'node:events'
import type { Writable } from 'node:stream'

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | bigint
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }

export class Output {
  readonly #stdout: Writable
  readonly #stderr: Writable
  readonly #json: boolean

  constructor(streams: { stdout: Writable; stderr: Writable }, json: boolean) {
    this.#stdout = streams.stdout
    this.#stderr = streams.stderr
    this.#json = json
  }

  /** One datum: `value` as JSON, or `text` for people. */
  datum(value: JsonValue, text: string): void {
    this.#stdout.write(`${this.#json ? toJson(value) : text}\n`)
  }

  /** One datum whose text is given exactly as it is stored. */
  bytes(value: JsonValue, bytes: Uint8Array): void {
    if (this.#json) this.#stdout.write(`${toJson(value)}\n`)
    else this.#stdout.write(endsLine(bytes) ? bytes : Buffer.concat([bytes, NEWLINE]))
  }

  /**
   * Until the reader has taken so much that more may be said: what follows changes without end must not pile up here. Rejects with the reason
   * of `signal`.
   */
  async taken(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!this.#stdout.writableNeedDrain) return
    try {
      await once(this.#stdout, 'drain', { signal })
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  }

  /** A remark for the person who watches. */
  talk(text: string): void {
    this.#stderr.write(`tenure: ${text}\n`)
  }
}

const NEWLINE = Buffer.from('\n')

function endsLine(bytes: Uint8Array): boolean {
  return bytes.at(-1) === NEWLINE[0]
}

function toJson(value: JsonValue): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? part.toString() : part,
  )
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The bytes as text; null when they are not UTF-8. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return null
  }
}

/** Bytes as the fields of a JSON object: `data`, or `dataBase64` when they are no text. */
export function dataFields(bytes: Uint8Array): { readonly [field: string]: string } {
  return bytesFields('data', bytes)
}

/** Bytes as a field of a JSON object: of that name, or of that name and `Base64` when they are no text. */
export function bytesFields(name: string, bytes: Uint8Array): { readonly [field: string]: string } {
  const text = textOf(bytes)
  return text === null
    ? { [`${name}Base64`]: Buffer.from(bytes).toString('base64') }
    : { [name]: text }
}

/** Bytes on one line for people: quoted text, or base64. */
export function shown(bytes: Uint8Array): string {
  const text = textOf(bytes)
  return text === null ? `base64:${Buffer.from(bytes).toString('base64')}` : JSON.stringify(text)
}
