/**
 * What `node boot.mjs NAME` can run, and which steps of the set-up each needs.
 *
 * A step is `must` (stop when it cannot be done), `wish` (done when possible, otherwise one line
 * says what is skipped), `spare` (never done, one line says so) or absent. The memory datapath
 * needs neither a kernel nor a compiler.
 */
const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--configLoader', 'native'];

/** Kafka and Redis. */
const REAL_SERVERS = { servers: 'must', kafka: 'must' };
const WISHED = { servers: 'wish', kafka: 'wish' };

export const TARGETS = {
  demo: {
    needs: { debian: 'must', modules: 'must', compile: 'must' },
    command: ['infra/demo/main.ts'],
  },
  test: {
    needs: { debian: 'wish', modules: 'must', compile: 'wish', ...WISHED },
    command: VITEST,
  },
  check: { needs: { debian: 'wish', modules: 'must' }, command: ['scripts/check.ts'] },
  fix: { needs: { debian: 'wish', modules: 'must' }, command: ['scripts/fix.ts'] },
  bench: {
    needs: { debian: 'wish', modules: 'must', compile: 'wish', ...WISHED },
    command: ['test/bench/main.ts'],
  },
  fuzz: {
    needs: { debian: 'must', modules: 'must', compile: 'must' },
    command: ['test/fuzz/main.ts'],
  },
  failures: {
    needs: { debian: 'wish', modules: 'must', compile: 'wish', ...WISHED },
    command: [...VITEST, '--config', 'vitest.failures.config.ts'],
  },
  berth: { needs: { modules: 'must' }, command: ['services/cli/main.ts'] },
  ready: {
    needs: { debian: 'must', modules: 'must', compile: 'must', ...REAL_SERVERS },
    command: [],
  },
};

export function plan(name, args) {
  const { needs, command } = TARGETS[name];
  const further = name === 'demo' && args.includes('--distributed') ? REAL_SERVERS : {};
  if (!asksForMemory(args)) return { needs: { ...needs, ...further }, command };
  return { needs: { modules: 'must', debian: 'spare', compile: 'spare', ...further }, command };
}

function asksForMemory(args) {
  return args.some(
    (arg, at) => arg === '--datapath=memory' || (arg === '--datapath' && args[at + 1] === 'memory'),
  );
}
