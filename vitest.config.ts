/**
 * One run for all tests, in two projects: what only computes runs in parallel, what touches the
 * kernel, a broker or a socket (int, conformance, scenarios) runs alone, one file after another,
 * since this must be true on a machine with two cores.
 */
import { defineConfig } from 'vitest/config';

const ALONE = ['**/*.int.test.ts', '**/*.conformance.test.ts', 'test/scenarios/**/*.test.ts'];
/** Those of `npm run test:failures`, a run of its own. */
const NEVER = ['**/node_modules/**', '**/build/**', '**/*.scenario.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    passWithNoTests: false,
    reporters: ['default', './test/closing-line-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...ALONE, ...NEVER],
          testTimeout: 10_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          // Costs nothing until a test asks for a Kafka or a Redis.
          globalSetup: './test/servers/global-setup.ts',
          include: ALONE,
          exclude: NEVER,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          // Whole demos run at once; with more of them heartbeats are missed on two cores.
          maxConcurrency: 3,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
