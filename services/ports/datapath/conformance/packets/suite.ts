/**
 * Runs groups of fixtures through an adapter's programs, on tables filled with the one world, and
 * lends the bench to what else a file has to test.
 */
import { afterAll, beforeAll, describe, type TestContext, test } from 'vitest';
import type { PacketDatapath } from '../../packet-runner.ts';
import type { Tables } from '../../port.ts';
import { type Bench, benchOf } from './bench.ts';
import { checkFixture, type Fixture } from './fixture.ts';
import { fillWorld } from './world.ts';

export interface PacketHarness {
  readonly datapath: PacketDatapath;
  close(): void;
}

export interface PacketSuiteInit {
  /** A datapath with empty tables. */
  readonly open: () => PacketHarness;
  /** Why none can be opened here. @default it can */
  readonly skip?: string | null;
}

/** Answers the bench, for use within a test: skipped where there is none. */
export type BenchFor = (ctx: TestContext) => Bench;

export function fixtureSuite(
  { open, skip = null }: PacketSuiteInit,
  groups: Readonly<Record<string, readonly Fixture[]>>,
  fill: (tables: Tables) => void = fillWorld,
): BenchFor {
  let harness: PacketHarness;
  beforeAll(() => {
    if (skip !== null) return;
    harness = open();
    fill(harness.datapath.tables);
  });
  afterAll(() => harness?.close());

  function benchFor(ctx: TestContext): Bench {
    ctx.skip(skip !== null, skip ?? '');
    return benchOf(harness.datapath);
  }

  for (const [group, fixtures] of Object.entries(groups)) {
    describe(group, () => {
      test.for(fixtures)('$name', (fixture, ctx) => checkFixture(benchFor(ctx), fixture));
    });
  }
  return benchFor;
}
