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

/**
 * @param address of an engine; `{name}` in it stands for the name of a store
 * @returns what was said when anything failed, else nothing
 */
export async function failuresOver(address: string): Promise<string> {
  const flags = ['vitest', 'run', '--project', 'rooms', '--exclude', '**/many-*.test.ts']
  const suites = spawn('npx', [...flags, ...SUITES], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TENURE_TEST_ENGINE: address },
  })
  const said: Buffer[] = []
  for (const stream of [suites.stdout, suites.stderr]) {
    stream.on('data', (data: Buffer) => said.push(data))
  }
  const [code] = await once(suites, 'close')
  return code === 0 ? '' : Buffer.concat(said).toString()
}
