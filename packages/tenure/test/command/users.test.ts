import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readUsers } from '../../src/command/users.ts'
import { connect } from '../../src/connect.ts'
import { serve } from '../../src/serve.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenure-users-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(content: string): string {
  const path = join(folder, 'users.json')
  writeFileSync(path, content)
  return path
}

test('a file of users names passwords', () => {
  expect(readUsers(file('{"ada": "secret", "bob": "other"}'))).toEqual({
    ada: 'secret',
    bob: 'other',
  })
})

// guards: A4
test.for([
  '',
  '[]',
  '{}',
  '"ada"',
  'null',
  '{"ada": 7}',
  '{"ada": ""}',
  '{"": "x"}',
  '{"ada": secret}',
])('a file that holds %j is refused without repeating it', (content) => {
  let message = ''
  try {
    readUsers(file(content))
  } catch (error) {
    message = String(error)
  }
  expect(message).toContain('names no users')
  expect(message).not.toContain('secret')
})

test('a file that is not there is told by its name', () => {
  expect(() => readUsers(join(folder, 'none.json'))).toThrow('none.json')
})

// guards: A1
test('with users only those who log in are served', async () => {
  await using serving = await serve({
    listen: '127.0.0.1:0',
    http: null,
    users: readUsers(file('{"ada": "secret"}')),
  })
  await using stranger = connect(serving.address)
  await expect(stranger.createNode('/local/a')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  await using ada = connect(serving.address, {
    credentials: { kind: 'static', user: 'ada', password: 'secret' },
  })
  await ada.createNode('/local/a')
  await using session = await ada.openSession('/local/a')
  expect(session.state).toBe('attached')
})
