/** One configuration for every suite: tests run the sources, not the build. */
import { defineConfig } from 'vitest/config'

const conditions = ['@tenure/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: 'forks',
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    projects: [
      { extends: true, test: { name: 'house', include: ['test/tidy.test.ts'] } },
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
          exclude: ['test/tidy.test.ts', '**/full/**', '**/node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'full',
          include: ['**/test/full/**/*.test.ts', 'test/full/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 600_000,
          // Each of these tests wants the machine for itself: they kill, fill and measure.
          fileParallelism: false,
        },
      },
    ],
  },
})
