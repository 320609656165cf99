/**
 * Runs groups of fixtures through the programs, on tables filled with the one world, and lends the
 * bench to what else a file has to test.
 */
import { afterAll, beforeAll, describe, type TestContext, test } from 'vitest';
import type { Tables } from '../../services/ports/datapath/port.ts';
import { noKernel } from './bpf-file-system.ts';
import { checkFixture, type Fixture } from './fixture.ts';
import { type ProgramBench, programBench } from './program-bench.ts';
import { fillWorld } from './world.ts';

/** Answers the bench, for use within a test: skipped where there is no kernel to run in. */
export function fixtureSuite(
  groups: Readonly<Record<string, readonly Fixture[]>>,
  fill: (tables: Tables) => void = fillWorld,
): (ctx: TestContext) => ProgramBench {
  let bench: ProgramBench;
  beforeAll(() => {
    if (noKernel !== null) return;
    bench = programBench();
    fill(bench.tables);
  });
  afterAll(() => bench?.close());

  function benchFor(ctx: TestContext): ProgramBench {
    ctx.skip(noKernel !== null, noKernel ?? '');
    return bench;
  }

  for (const [group, fixtures] of Object.entries(groups)) {
    describe(group, () => {
      test.for(fixtures)('$name', (fixture, ctx) => checkFixture(benchFor(ctx), fixture));
    });
  }
  return benchFor;
}
