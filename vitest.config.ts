/** One configuration for every suite: tests run the sources, not the build. */
import { defineConfig } from 'vitest/config'

/** What `npm run check` asks of the sources as texts. */
const HOUSE = ['test/tidy.test.ts', 'test/reliability.test.ts']

const conditions = ['@tenure/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    projects: [
      { extends: true, test: { name: 'house', include: HOUSE } },
      {
        extends: true,
        test: {
          name: 'rooms',
          include: [
            'packages/*/test/**/*.test.ts',
            'test/**/*.test.ts',
            'checker/test/**/*.test.ts',
            'sim/test/**/*.test.ts',
            'examples/test/**/*.test.ts',
            'bench/test/**/*.test.ts',
            'interop/test/**/*.test.ts',
          ],
          exclude: [...HOUSE, '**/full/**', '**/node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'full',
          include: ['packages/*/test/full/**/*.test.ts', 'test/full/**/*.test.ts'],
          testTimeout: 600_000,
          // Each of these tests wants the machine for itself: they kill, fill and measure.
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'storm',
          include: ['sim/test/full/**/*.test.ts'],
          // Each of these tests takes all cores.
          fileParallelism: false,
        },
      },
    ],
  },
})
