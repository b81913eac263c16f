/** The tables of one deployment, and the way to them: what an engine, its claims and its scans share. */
import type { Activity } from './activity.ts'
import type { Connections } from './connections.ts'
import type { Row, Statement } from './link.ts'
import { patiently } from './patience.ts'
import type { PatienceOptions } from './patience.ts'
import type { Snapshots } from './snapshot.ts'
import type { Statements } from './statements.ts'

export interface Deployment {
  readonly title: string
  readonly activity: Activity
  readonly connections: Connections
  readonly snapshots: Snapshots
  readonly statements: Statements
  readonly patience: PatienceOptions
  /** Whether a commit must be refused that the server does not sync. */
  readonly mustSync: boolean
}

/** Runs what may run twice. @throws EngineError when the database is not to be had for long */
export function ask(deployment: Deployment, statement: Statement): Promise<readonly Row[]> {
  const { connections, patience } = deployment
  return patiently(patience, () => connections.use((link) => link.run(statement)))
}

/** The same, with a check of what came: an answer that it finds to be too old is asked for again. */
export function askFor<Result>(
  deployment: Deployment,
  statement: Statement,
  read: (rows: readonly Row[]) => Result,
): Promise<Result> {
  const { connections, patience } = deployment
  return patiently(patience, () => connections.use(async (link) => read(await link.run(statement))))
}
