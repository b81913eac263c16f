/** One configuration for every suite: tests run the sources, not the build. */
import { defineConfig } from 'vitest/config'

/** What `npm run check` asks of the sources as texts. */
const HOUSE = ['test/tidy.test.ts', 'test/reliability.test.ts']

/**
 * What YDB's official driver leaves unhandled when its end cuts off the discovery that it repeats by itself: the suites of `interop` use it, and
 * on a slow machine they end it at such a moment. Nothing of ours is built on its transport.
 */
const DISCOVERY_CUT_OFF = {
  '@@nice-grpc:ClientError': true,
  path: '/Ydb.Discovery.V1.DiscoveryService/ListEndpoints',
}

export default defineConfig({
  test: {
    pool: 'forks',
    // Node's own modules: Vite's are a sixth slower, and no test replaces a module.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    execArgv: ['--import', 'tsx', '--conditions=@tenure/source'],
    isolate: false,
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // What is waited for comes at once; on a busy machine it may take a while.
    expect: { poll: { interval: 5, timeout: 10_000 } },
    onUnhandledError: (error) =>
      Object.entries(DISCOVERY_CUT_OFF).some(([name, value]) => Reflect.get(error, name) !== value),
    projects: [
      { extends: true, test: { name: 'house', include: HOUSE } },
      {
        extends: true,
        test: {
          name: 'rooms',
          globalSetup: 'test/prebuilt/setup.mjs',
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
