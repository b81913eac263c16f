/** The file that says who may log in: `{ "name": "password" }`. */
import { readFileSync } from 'node:fs'
import { UsageError } from './failure.ts'

/** @throws UsageError that names the file, and repeats nothing of what is in it */
export function readUsers(file: string): Record<string, string> {
  const users = parse(file)
  const entries: [string, unknown][] =
    typeof users === 'object' && users !== null && !Array.isArray(users)
      ? Object.entries(users)
      : []
  if (entries.length === 0) throw wrong(file)
  const checked: Record<string, string> = {}
  for (const [name, password] of entries) {
    if (name === '' || typeof password !== 'string' || password === '') throw wrong(file)
    checked[name] = password
  }
  return checked
}

function parse(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`the users cannot be read: ${reason}`)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw wrong(file)
  }
}

function wrong(file: string): UsageError {
  return new UsageError(
    `${file} names no users: write a JSON object with a password for each name, {"name": "password"}`,
  )
}
