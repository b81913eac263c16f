/** What a test needs of the machine and does not find: said loudly, and a failure where `TENURE_TEST_REQUIRE` names it. */
import type { TestContext } from 'vitest'

const required = new Set(
  (process.env['TENURE_TEST_REQUIRE'] ?? '').split(',').map((need) => need.trim()),
)

/**
 * Ends a test that cannot run here.
 *
 * @param need the word by which `TENURE_TEST_REQUIRE` asks for it
 */
export function lacks(context: TestContext, need: string): never {
  const message = `${context.task.name}: needs ${need}, which is not here`
  if (required.has(need)) throw new Error(message)
  process.stderr.write(`SKIPPED, ${message}\n`)
  return context.skip()
}
