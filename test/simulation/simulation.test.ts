/**
 * Seeded schedules of the whole system. A failure names its seed; the same seed fails the same way
 * again: BERTH_SIM_SEED=N BERTH_SIM_RUNS=1 vitest run test/simulation. More schedules in a row:
 * BERTH_SIM_RUNS=5000.
 */
import { expect, test } from 'vitest';
import {
  BUSY,
  MOVING,
  QUIET_CLUSTER,
  SCARCE,
  SHORT,
  type SimulationOptions,
  UNRULY_TARGET,
} from './options.ts';
import { type SimulationResult, simulate } from './simulation.ts';

const SEED = Number(process.env['BERTH_SIM_SEED'] ?? 1);
const RUNS = process.env['BERTH_SIM_RUNS'];
const LINES_SHOWN = 150;
const MS_PER_RUN_MAX = 5000;

async function runMany(name: string, options: SimulationOptions, count: number): Promise<void> {
  for (let seed = SEED; seed < SEED + count; seed++) {
    const result = await simulate(seed, options);
    if (result.violation !== null) throw new Error(report(name, result));
  }
}

function report(name: string, { seed, steps, violation, history }: SimulationResult): string {
  const last = history.slice(-LINES_SHOWN).join('\n');
  return `${name}, seed ${seed}, step ${steps}: ${violation}\n${last}`;
}

/** A test of so many schedules, or of as many as the environment says. */
function schedules(name: string, options: SimulationOptions, defaultRuns: number): void {
  const count = RUNS === undefined ? defaultRuns : Number(RUNS);
  test(`no rule is broken, whatever happens: ${name}`, { timeout: count * MS_PER_RUN_MAX }, () =>
    runMany(name, options, count),
  );
}

schedules('a few changes and mishaps', SHORT, 80);
schedules('a busy cluster on a bad day', BUSY, 40);
schedules('hardly any block is free', SCARCE, 40);
schedules('a cluster where nothing fails', QUIET_CLUSTER, 12);
schedules('an ACL server that is hardly ever well', UNRULY_TARGET, 30);
schedules('a log that is moved', MOVING, 30);

test('a seed replays its schedule exactly', async () => {
  const [first, second] = [await simulate(7, BUSY), await simulate(7, BUSY)];
  expect(first.history.length).toBeGreaterThan(100);
  expect(second).toEqual(first);
});

test('the same options with another seed are another schedule', async () => {
  const [first, second] = [await simulate(7, SHORT), await simulate(8, SHORT)];
  expect(second.history).not.toEqual(first.history);
});
