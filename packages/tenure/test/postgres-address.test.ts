import { expect, test } from 'vitest'
import { connect, serve } from '../src/index.ts'
import { parseEngine } from '../src/engine-url.ts'
import { parsePostgresAddress } from '../src/postgres-address.ts'

const parse = (url: string, environment: Record<string, string> = {}) =>
  parsePostgresAddress(url, { PGUSER: 'me', ...environment })

test('an address of PostgreSQL names servers, user, database and schema', () => {
  expect(
    parse('postgresql://a%40b:p%2Fw@h1,h2:6543,[::1]:7/shop?schema=locks&connections=8'),
  ).toEqual({
    kind: 'postgres',
    place: {
      hosts: [
        { host: 'h1', port: 5432 },
        { host: 'h2', port: 6543 },
        { host: '::1', port: 7 },
      ],
      user: 'a@b',
      password: 'p/w',
      database: 'shop',
      schema: 'locks',
    },
    sslMode: 'prefer',
    files: {},
    connectionsMax: 8,
  })
})

test('what an address leaves out is taken from the variables of psql', () => {
  const environment = {
    PGHOST: '/run/postgresql',
    PGPORT: '5433',
    PGPASSWORD: 'secret',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: '/ca.pem',
    PGAPPNAME: 'mine',
  }
  expect(parse('postgres://', environment)).toEqual({
    kind: 'postgres',
    place: {
      hosts: [{ host: '/run/postgresql', port: 5433 }],
      user: 'me',
      password: 'secret',
      database: 'me',
      schema: 'tenure',
      applicationName: 'mine',
    },
    sslMode: 'verify-full',
    files: { ca: '/ca.pem' },
  })
  expect(parse('postgres://h/d?sslmode=disable', environment)).toMatchObject({
    place: { hosts: [{ host: 'h', port: 5433 }], database: 'd' },
    sslMode: 'disable',
  })
})

test('the scheme alone stands for DATABASE_URL', () => {
  const url = 'postgres://u@h/d'
  expect(parse('postgres:', { DATABASE_URL: url })).toEqual(parse(url))
  expect(parse('postgres://x/y', { DATABASE_URL: url })).toEqual(parse('postgres://x/y'))
})

// guards: A4
test('an address of PostgreSQL that cannot be is refused, and passwords are not quoted', () => {
  for (const [url, message] of [
    ['postgres://u:secret@h/d?sslmode=maybe', 'sslmode must be one of'],
    ['postgres://u:secret@h/d?color=red', 'no setting "color"'],
    ['postgres://u:secret@h/d?schema=Big', 'no schema of a deployment'],
    ['postgres://u:secret@h/d?connections=none', 'connections must be a whole number'],
    ['postgres://u:secret@h/d?target_session_attrs=standby', 'only a server that takes writes'],
    ['postgres://u:secret@h:x/d', '"h:x" is no PostgreSQL server'],
    ['postgres://u:secret%@h/d', 'write %25 for %'],
    ['postgres:h/d', 'this is no address of a PostgreSQL database'],
    ['postgress://u:secret@h/d', 'is no engine'],
  ] as const) {
    const refusal = thrown(() => parseEngine(url))
    expect(refusal).toBeInstanceOf(RangeError)
    expect(String(refusal)).toContain(message)
    expect(String(refusal)).not.toContain('secret')
  }
  expect(parse('file:./data')).toBeNull()
})

test('a program connects to a server, not to its database', () => {
  expect(() => connect('postgres://h/d')).toThrow('tenure serve --engine postgres://…')
})

// guards: A4
test('a server that cannot reach its database says so without the password', async () => {
  const engine = 'postgres://me:secret@127.0.0.1:1/d?sslmode=disable'
  const failure = await serve({ engine, listen: '127.0.0.1:0', http: null }).catch(
    (error: unknown) => error,
  )
  expect(failure).toBeInstanceOf(Error)
  expect(String(failure)).toContain('postgres 127.0.0.1:1/d, schema tenure')
  expect(String(failure)).toContain('ECONNREFUSED')
  expect(String(failure)).not.toContain('secret')
})

function thrown(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return null
}
