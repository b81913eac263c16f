/** What a configuration file may say, and how it is told what it may not. */
import { expect, test } from 'vitest'
import { ConfigError, parseConfig, readConfigFile } from '../../src/config/config-file.ts'

function problemsOf(text: string, database?: string): readonly string[] {
  try {
    parseConfig(text, { file: 'tenure.yaml', database })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

// holds: S2-17
test('a file says how to serve, and what the themes of nodes are', () => {
  const config = parseConfig(
    `
listen: 127.0.0.1:7
http: "[::1]:8"
database: /shop
data: ./data
logFormat: text
nodes:
  /shop/orders:
    themes:
      1:
        name: orders
        handler: grpc://127.0.0.1:7000
        delaySeconds: 5
        jitterSeconds: 2
        concurrency: 8
        maxRepeats: 20
        maxBytes: 1048576
        handlerSeconds: 60
      4294967295: {}
  bills:
`,
    { file: 'tenure.yaml' },
  )
  expect(config.settings).toMatchObject({
    listen: '127.0.0.1:7',
    http: '[::1]:8',
    database: '/shop',
    data: './data',
    logFormat: 'text',
  })
  const orders = {
    name: 'orders',
    handler: 'grpc://127.0.0.1:7000',
    delaySeconds: 5,
    jitterSeconds: 2,
    concurrency: 8,
    maxRepeats: 20,
    maxBytes: 1_048_576,
    handlerSeconds: 60,
  }
  expect(config.nodes).toEqual([
    { path: '/shop/orders', themes: { 1: orders, 4294967295: {} } },
    { path: '/shop/bills', themes: {} },
  ])
})

test('an empty file says nothing, and so does one whose keys have no values', () => {
  expect(parseConfig('', { file: 'f' }).nodes).toEqual([])
  expect(parseConfig('# all of it is still to come\nnodes:\n', { file: 'f' }).nodes).toEqual([])
})

test('all that is wrong is told at once, with its line', () => {
  const text = `listen: nowhere
httpp: 127.0.0.1:1
insecure: yes
logFormat: pretty
engine: etcd
data: x
nodes:
  /local/orders:
    themes:
      1: { handler: "grpc://127.0.0.1", concurrency: many, delaySeconds: 1.5 }
      x: { color: red }
    topics: []
  /elsewhere/a: [1]
`
  expect(problemsOf(text)).toEqual([
    'tenure.yaml:1: listen cannot be so: "nowhere" is no address to listen on: write 127.0.0.1:2136 or [::1]:2136',
    'tenure.yaml:2: httpp is unknown here: what may stand here is listen, http, database, data, engine, advertise, notice, allowUnsafeEngine, insecure, users, logFormat and nodes',
    'tenure.yaml:3: insecure must be true or false, got "yes"',
    'tenure.yaml:4: logFormat must be text or json, got "pretty"',
    'tenure.yaml:5: engine cannot be so: "etcd" is no engine: write memory:, file:DIR, etcd://HOSTS/PREFIX or postgres://HOSTS/DATABASE',
    'tenure.yaml:5: engine and data exclude each other: "data: DIR" is "engine: file:DIR"',
    'tenure.yaml:10: nodes./local/orders.themes.1.handler must be grpc://host:port, http://host:port/path or https://host/path, got "grpc://127.0.0.1"',
    'tenure.yaml:10: nodes./local/orders.themes.1.concurrency must be a whole number from 1 to 1000000, got "many"',
    'tenure.yaml:10: nodes./local/orders.themes.1.delaySeconds must be a whole number from 0 to 2147483648, got 1.5',
    'tenure.yaml:11: nodes./local/orders.themes.x must be a number from 0 to 4294967295: that is how programs name the theme',
    'tenure.yaml:11: nodes./local/orders.themes.x.color is unknown here: what may stand here is name, handler, delaySeconds, jitterSeconds, concurrency, maxRepeats, maxBytes and handlerSeconds',
    'tenure.yaml:12: nodes./local/orders.topics is unknown here: what may stand here is themes',
    'tenure.yaml:13: nodes./elsewhere/a must be a map of keys and values, got a list',
    'tenure.yaml:13: nodes./elsewhere/a is no path of a coordination node: path is not inside the database /local',
  ])
})

test.for([
  ['nodes: {', 'tenure.yaml:1: '],
  ['a: 1\nb: [\n', 'tenure.yaml:'],
  ['listen: "127.0.0.1:1\n', 'tenure.yaml:'],
  ['--- {}\n--- {}\n', 'tenure.yaml:'],
  ['nodes: *nothing\n', 'tenure.yaml:1: '],
  ['nodes: !!binary aGVsbG8=\n', 'tenure.yaml:1: '],
  ['[]', 'tenure.yaml:1: the file must be a map of keys and values, got a list'],
  ['serve', 'tenure.yaml:1: the file must be a map of keys and values, got "serve"'],
  ['? [1, 2]\n: x\n', 'tenure.yaml:1: a key of the file is no word'],
  ['http:\n', 'tenure.yaml:1: http must be text, got nothing'],
  ['http: 8765\n', 'tenure.yaml:1: http must be text, got 8765'],
  ['users: {a: b}\n', 'tenure.yaml:1: users must be text, got a map'],
  ['database: local\n', 'tenure.yaml:1: database cannot be so: '],
  ['listen: 1.1.1.1:1\nlisten: 1.1.1.1:2\n', 'tenure.yaml:2: listen stands here a second time'],
  ['nodes: {/local/a: {}, /local//a: {}}', 'tenure.yaml:1: nodes./local//a is another spelling'],
  ['nodes: {/local: {}}', 'tenure.yaml:1: nodes./local is no path of a coordination node'],
  [
    'nodes: {a: {themes: {1: {}, "1": {}}}}',
    'tenure.yaml:1: nodes.a.themes.1 stands here a second',
  ],
  ['nodes: {a: {themes: {4294967296: {}}}}', 'tenure.yaml:1: nodes.a.themes.4294967296 must be a'],
  ['nodes: {a: {themes: {-1: {}}}}', 'tenure.yaml:1: nodes.a.themes.-1 must be a number'],
  ['nodes: {a: {themes: {1: {name: 5}}}}', 'tenure.yaml:1: nodes.a.themes.1.name must be text'],
  ['nodes: {a: {themes: {1: {maxBytes: 0}}}}', 'tenure.yaml:1: nodes.a.themes.1.maxBytes must be'],
] as const)('%j is refused', ([text, problem]) => {
  const problems = problemsOf(text)
  expect(problems[0]?.slice(0, problem.length)).toBe(problem)
})

test('a name that is too long is refused with its length', () => {
  const name = 'ä'.repeat(129)
  expect(problemsOf(`nodes: {a: {themes: {1: {name: ${name}}}}}`)).toEqual([
    'tenure.yaml:1: nodes.a.themes.1.name must have at most 256 bytes, got 258',
  ])
})

test('what is written once may be used again', () => {
  const text = `
nodes:
  a: { themes: { 1: &usual { name: work } } }
  b: { themes: { 1: *usual } }
`
  const { nodes } = parseConfig(text, { file: 'f' })
  expect(nodes[1]).toEqual({ path: '/local/b', themes: { 1: { name: 'work' } } })
})

test('the database of the command line says where nodes may be', () => {
  expect(problemsOf('database: /a\nnodes: {/b/x: {}}', '/b')).toEqual([])
  expect(problemsOf('nodes: {/local/x: {}}', '/b')).toHaveLength(1)
})

test('a file that is not there is told by its name', () => {
  expect(() => readConfigFile('none.yaml')).toThrow('none.yaml cannot be read: ENOENT')
})
