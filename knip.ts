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
    // Named in boot/targets.mjs and package.json, where knip does not look for them.
    'scripts/*.ts',
    'boot.mjs',
  ],
  project: [
    '{services,native,infra}/**/*.ts!',
    // Suites and fixtures run only in tests.
    '!{services,infra}/**/*{.test,conformance,-fixtures}.ts!',
    '!infra/lab/testing/**!',
    '!services/ports/*/conformance/**!',
    'test/**/*.ts',
    'scripts/**/*.ts',
    'boot/**/*.mjs',
    '*.{ts,mjs}',
  ],
  // Whole files by a generator: not each message is used everywhere.
  ignore: ['services/contract/gen/**'],
  // Part of Debian's base.
  ignoreBinaries: ['diff', 'flock'],
  ignoreExportsUsedInFile: true,
};

export default config;
