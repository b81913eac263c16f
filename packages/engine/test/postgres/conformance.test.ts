import { afterAll, beforeAll, beforeEach, test } from 'vitest'
import { lacks } from '../../../../test/needs.ts'
import { hasPostgres, PostgresServer } from '../../../../test/postgres-server.ts'
import { conformance } from '../../src/conformance/index.ts'
import type { Engine } from '../../src/engine.ts'
import { openPostgresEngine } from '../../src/postgres/index.ts'
import type { PostgresPlace } from '../../src/postgres/index.ts'
import { placeIn } from './scratch-schema.ts'

let server: PostgresServer | null = null
beforeAll(async () => {
  if (hasPostgres()) server = await PostgresServer.start()
}, 60_000)
afterAll(() => server?.[Symbol.asyncDispose]())
beforeEach((context) => {
  if (server === null) lacks(context, 'postgres')
})

const places = new WeakMap<Engine, PostgresPlace>()

async function openAt(place: PostgresPlace): Promise<Engine> {
  const engine = await openPostgresEngine(place)
  places.set(engine, place)
  return engine
}

// guards: L4, D1, D2, X6
conformance(
  {
    name: 'postgres',
    open: () => openAt(placeIn(server!)),
    reopen: (engine) => openAt(places.get(engine)!),
  },
  { test },
)
