/** What every engine must do, as tests that take any test runner with `test` and the standard `assert`. */
import type { Engine } from '../engine.ts'
import { commitTests } from './commits.ts'
import { cutTests } from './cuts.ts'
import { fencingTests } from './fencing.ts'
import { largeCommitTests } from './large-commits.ts'
import { lifetimeTests } from './lifetime.ts'
import { membershipTests } from './memberships.ts'
import { scanTests } from './scans.ts'

export interface EngineUnderTest {
  readonly name: string
  /** An empty engine; the suite closes it. */
  readonly open: () => Promise<Engine>
  /** What `engine` kept, opened anew after its close; null for engines that keep nothing. */
  readonly reopen: ((engine: Engine) => Promise<Engine>) | null
}

export interface TestApi {
  readonly test: (title: string, body: () => Promise<void>) => void
}

/** Registers the whole suite. */
export function conformance(engine: EngineUnderTest, api: TestApi): void {
  const run = (title: string, body: (engine: Engine) => Promise<void>): void => {
    api.test(`${engine.name}: ${title}`, async () => {
      const opened = await engine.open()
      try {
        await body(opened)
      } finally {
        await opened.close()
      }
    })
  }
  for (const group of [commitTests, largeCommitTests, scanTests, cutTests, fencingTests]) {
    for (const [title, body] of Object.entries(group)) run(title, body)
  }
  const { reopen } = engine
  for (const [title, body] of Object.entries(lifetimeTests)) {
    run(title, (opened) => body(opened, reopen))
  }
  for (const [title, body] of Object.entries(membershipTests)) {
    run(title, async (opened) => {
      if (opened.members !== undefined) await body(opened, reopen)
    })
  }
}
