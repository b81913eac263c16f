/** Several programs as one command: they end together, and their processor time counts together. */
export function together(commands: readonly (readonly string[])[]): string[] {
  const started = commands.map((words) => `${words.map(quoted).join(' ')} &`)
  // The first wait ends with the signal, the second with the last program.
  const script = [`trap 'kill $(jobs -p)' TERM INT`, ...started, 'wait', 'wait'].join('\n')
  return ['sh', '-c', script]
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
