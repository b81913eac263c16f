/** What a user can do, as the suites of clients say it, run anew over servers whose engine is another one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const SUITES = [
  'packages/client/test/client.test.ts',
  'packages/client/test/lease.test.ts',
  'packages/client/test/link',
  'packages/client/test/recipes',
  'packages/client/test/semaphore.test.ts',
  'packages/tenure/test/log',
  'packages/tenure/test/records',
]

export interface SuiteOptions {
  /** How many servers stand on each store. */
  readonly servers?: number
  /** By default those of Tenure's own client. */
  readonly suites?: readonly string[]
}

/**
 * @param address of an engine; `{name}` in it stands for the name of a store
 * @returns what was said when anything failed, else nothing
 */
export async function failuresOver(
  address: string,
  { servers = 1, suites = SUITES }: SuiteOptions = {},
): Promise<string> {
  const flags = ['vitest', 'run', '--project', 'rooms', '--exclude', '**/many-*.test.ts']
  const run = spawn('npx', [...flags, ...suites], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TENURE_TEST_ENGINE: address,
      TENURE_TEST_SERVERS: String(servers),
    },
  })
  const said: Buffer[] = []
  for (const stream of [run.stdout, run.stderr]) {
    stream.on('data', (data: Buffer) => said.push(data))
  }
  const [code] = await once(run, 'close')
  return code === 0 ? '' : Buffer.concat(said).toString()
}
