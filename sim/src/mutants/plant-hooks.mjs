/** Hands out one file's source with the bug in it. */
let mutant = null

export function initialize(data) {
  mutant = data
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context)
  if (mutant === null || !url.split('?')[0].endsWith(mutant.file)) return loaded
  const source = String(loaded.source)
  if (source.split(mutant.original).length !== 2) throw new Error(`cannot plant "${mutant.name}"`)
  return { ...loaded, source: source.replace(mutant.original, () => mutant.planted) }
}
