/** The engine in a PostgreSQL database, for servers on many machines. */
export { openPostgresEngine } from './postgres-engine.ts'
export type { PostgresEngineOptions } from './postgres-engine.ts'
export type { PostgresHost, PostgresPlace, TlsUse } from './place.ts'
