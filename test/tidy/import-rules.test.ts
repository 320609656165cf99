/**
 * Tidy: every import rule bites. A rule whose pattern matches nothing passes for ever, so each one
 * is run on a small tree that breaks it, and on one that does not.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Importing file, what it imports (`type`: only types), and the rules that this breaks. */
const CASES: readonly (readonly [from: string, to: string, rules: readonly string[]])[] = [
  ['services/contract/a.ts', 'services/runtime/clock.ts', ['contract-imports-nothing-of-ours']],
  ['services/contract/b.ts', 'node:fs', ['contract-has-no-io']],
  ['services/contract/c.ts', 'node:crypto', []],
  ['services/aggregates/a.ts', 'services/runtime/clock.ts', ['aggregates-import-contract-alone']],
  ['services/aggregates/b.ts', 'node:crypto', ['aggregates-have-no-packages']],
  ['services/aggregates/c.ts', 'services/contract/x.ts', []],
  ['services/ports/jobs/a.ts', 'services/ports/jobs/port.ts', []],
  ['services/ports/jobs/b.ts', 'services/ports/data-folder/environment.ts', []],
  [
    'services/ports/jobs/c.ts',
    'services/ports/source/port.ts',
    ['ports-import-contract-and-themselves'],
  ],
  ['services/ports/jobs/d.ts', 'services/runtime/x.ts', ['ports-import-contract-and-themselves']],
  ['services/ports/jobs/f.ts', 'services/runtime/clock.ts', ['ports-take-components']],
  ['services/ports/jobs/g.ts', 'type services/runtime/clock.ts', []],
  ['services/runtime/a.ts', 'services/ports/jobs/port.ts', []],
  [
    'services/runtime/b.ts',
    'services/ports/jobs/redis.ts',
    ['only-main-imports-adapters', 'runtime-knows-ports-not-adapters'],
  ],
  ['services/mapper/a.ts', 'services/hub/x.ts', ['services-do-not-import-each-other']],
  ['services/mapper/b.ts', 'services/mapper/x.ts', []],
  ['services/mapper/main.ts', 'services/ports/jobs/redis.ts', []],
  ['services/mapper/c.ts', 'services/ports/jobs/redis.ts', ['only-main-imports-adapters']],
  ['services/mapper/d.ts', 'services/mapper/main.ts', ['nobody-imports-a-main']],
  ['services/mapper/e.ts', 'services/mapper/x.test.ts', ['source-does-not-import-tests']],
  ['services/mapper/f.ts', 'test/x.ts', ['source-does-not-import-tests']],
  ['services/mapper/g.ts', 'infra/lab/x.ts', ['services-do-not-import-infra']],
  [
    'services/mapper/h.ts',
    'services/ports/jobs/conformance.ts',
    ['suites-run-in-conformance-tests'],
  ],
  [
    'services/mapper/m.ts',
    'services/ports/jobs/conformance/reading.ts',
    ['suites-run-in-conformance-tests'],
  ],
  ['services/ports/jobs/redis.conformance.test.ts', 'services/ports/jobs/conformance.ts', []],
  ['services/mapper/i.ts', 'native/libberth.ts', ['one-file-knows-ffi']],
  ['services/ports/datapath/kernel.ts', 'native/libberth.ts', []],
  ['services/mapper/j.ts', 'node_modules/koffi/index.js', ['koffi-only-in-libberth']],
  [
    'services/mapper/k.ts',
    'node_modules/kafkajs/index.js',
    ['clients-only-in-adapters', 'kafkajs-only-in-its-folder'],
  ],
  ['services/ports/jobs/e.ts', 'node_modules/kafkajs/index.js', ['kafkajs-only-in-its-folder']],
  ['services/ports/kafka/a.ts', 'node_modules/kafkajs/index.js', []],
  ['services/ports/jobs/h.ts', 'node_modules/bullmq/index.js', ['redis-only-in-its-adapter']],
  ['services/ports/jobs/bullmq/a.ts', 'node_modules/ioredis/index.js', []],
  [
    'services/hub/a.ts',
    'node_modules/@peculiar/x509/index.js',
    ['certificates-are-issued-in-credentials'],
  ],
  [
    'services/agent/main.ts',
    'node_modules/@kubernetes/client-node/index.js',
    ['agent-without-kubernetes-client'],
  ],
  ['services/cli/up.ts', 'services/hub/x.ts', []],
  ['services/cli/b.ts', 'services/ports/jobs/redis.ts', []],
  ['services/hub/l.ts', 'services/hub/missing.ts', ['no-unresolvable']],
  ['services/hub/round.ts', 'services/hub/round.ts', ['no-cycles']],
];
/** Needs a package.json with that package among its dev dependencies. */
const NOT_TRIED = ['no-dev-dependencies-in-source'];

const { default: configuration } = (await import(resolve('.dependency-cruiser.mjs'))) as {
  readonly default: IConfiguration;
};

let root: string;
let broken: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'berth-import-rules-'));
  const importers = new Set(CASES.map(([from]) => from));
  for (const [from, what] of CASES) {
    const to = what.replace('type ', '');
    const isCore = to.startsWith('node:');
    const path = isCore ? to : `${'../'.repeat(from.split('/').length - 1)}${to}`;
    put(from, to === what ? `import '${path}';\n` : `import type { X } from '${path}';\n`);
    if (!isCore && !to.includes('missing') && !importers.has(to)) put(to, '');
  }
  put('services/mapper/main.ts', "import '../ports/jobs/redis.ts';\n");
  put('package.json', '{}');
  put('tsconfig.json', '{ "compilerOptions": { "allowImportingTsExtensions": true } }');
  const { options, ...ruleSet } = configuration;
  const { output } = await cruise(['services', 'infra', 'native', 'test'], {
    ...options,
    tsConfig: {},
    baseDir: root,
    validate: true,
    ruleSet,
  });
  broken = rulesByFile(output as ICruiseResult);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('an import', () => {
  test.each(CASES)('from %s of %s breaks %j', (from, _to, rules) => {
    expect(broken.get(from) ?? []).toEqual(rules);
  });
});

test('every rule is tried', () => {
  const tried = new Set([...CASES.flatMap(([, , rules]) => rules), ...NOT_TRIED]);
  const names = (configuration.forbidden ?? []).map((rule) => rule.name ?? '');
  expect(names.filter((name) => !tried.has(name))).toEqual([]);
});

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function rulesByFile(result: ICruiseResult): ReadonlyMap<string, readonly string[]> {
  const byFile = new Map<string, string[]>();
  for (const violation of result.summary.violations) {
    byFile.set(violation.from, [...(byFile.get(violation.from) ?? []), violation.rule.name].sort());
  }
  return byFile;
}
