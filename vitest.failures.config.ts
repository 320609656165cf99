/**
 * `npm run test:failures`: real processes on a real Kafka and a real Redis, killed, stopped and
 * wiped. A run of its own, one file after the other: it takes minutes, and wants the machine.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'failures',
    pool: 'forks',
    passWithNoTests: false,
    reporters: ['default', './test/closing-line-reporter.ts'],
    include: ['test/failures/**/*.scenario.test.ts'],
    globalSetup: './test/failures/global-setup.ts',
    fileParallelism: false,
  },
});
