/**
 * What is never used. An ignore line needs its reason.
 *
 * Every process starts at a `main.ts` (or `x-main.ts`); tests and their projects are found through
 * vitest.config.ts.
 */
import type { KnipConfig } from 'knip';

const config: KnipConfig = {
  entry: [
    '{services,infra}/**/{,*-}main.ts!',
    // Adapters that no process of ours takes yet: `berth run`, one role a process, is to.
    'services/ports/jobs/bullmq.ts!',
    'services/ports/event-log/kafka.ts!',
    'services/ports/checkpoints/kafka.ts!',
    // Named in boot/targets.mjs and package.json, where knip does not look for them.
    'scripts/*.ts',
    'test/{bench,fuzz,rfc}/**/{,*-}main.ts',
    'bpf/test/peer-main.ts',
    // Loaded into a process before its program, and in place of a file of it.
    'test/failures/preloaded/*.ts',
    'boot.mjs',
  ],
  project: [
    '{services,native,infra}/**/*.ts!',
    // Suites and fixtures run only in tests.
    '!{services,infra}/**/*{.test,conformance,-fixtures}.ts!',
    '!infra/*/testing/**!',
    '!services/ports/*/conformance/**!',
    'test/**/*.ts',
    'bpf/**/*.ts',
    'scripts/**/*.ts',
    'boot/**/*.mjs',
    '*.{ts,mjs}',
  ],
  // Whole files by a generator: not each message is used everywhere.
  ignore: ['services/contract/gen/**'],
  // Of Debian's packages, its base and those of boot/debian.mjs; promtool where it is.
  ignoreBinaries: [
    'diff',
    'flock',
    'bpftool',
    'java',
    'clang-19',
    'make',
    'mount',
    'umount',
    'nsenter',
    'nft',
    'openssl',
    'promtool',
  ],
  vitest: { config: ['vitest.config.ts', 'vitest.failures.config.ts'] },
  ignoreExportsUsedInFile: true,
};

export default config;
