/** What addresses of engines have in common: escapes, settings behind the question mark, files and numbers that may be left out. */

/** @param kind of address, for messages: `an etcd address`. @throws RangeError when an escape cannot be read */
export function unescaped(text: string, kind: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new RangeError(`${kind} has an escape that cannot be read: write %25 for %`)
  }
}

/** @throws RangeError for a setting that there is not */
export function settingsIn<Setting extends string>(
  query: string,
  known: readonly Setting[],
  kind: string,
): ReadonlyMap<Setting, string> {
  const settings = new Map<Setting, string>()
  for (const [name, value] of new URLSearchParams(query)) {
    const setting = known.find((one) => one === name)
    if (setting === undefined) {
      throw new RangeError(`${kind} has no setting "${name}": it takes ${known.join(', ')}`)
    }
    settings.set(setting, value)
  }
  return settings
}

/** Without what is undefined. */
export function defined<Value>(
  fields: Readonly<Record<string, Value | undefined>>,
): Record<string, Value> {
  const known: Record<string, Value> = {}
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) known[name] = value
  return known
}
