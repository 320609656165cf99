/**
 * A fixture is data: a frame, and what a program makes of it. A flow is several, in the order in
 * which its packets are seen.
 */
import { expect } from 'vitest';
import type { Verdict } from '../../packet-runner.ts';
import type { ProgramName } from '../../port.ts';
import type { ReasonName } from '../../tables/reasons.gen.ts';
import type { Bench } from './bench.ts';

export interface Fixture {
  readonly name: string;
  readonly program: ProgramName;
  readonly frame: Uint8Array;
  readonly verdict: Verdict;
  /** The frame afterwards. @default as it came; not looked at when it was dropped */
  readonly becomes?: Uint8Array;
  /** @default nothing */
  readonly counts?: ReasonName;
}

export function checkFixture(bench: Bench, fixture: Fixture): void {
  const outcome = bench.run(fixture.program, fixture.frame);
  expect(outcome.counted).toEqual(fixture.counts === undefined ? [] : [fixture.counts]);
  expect(outcome.verdict).toBe(fixture.verdict);
  if (fixture.verdict === 'drop') return;
  // As text, so that a difference shows the bytes.
  expect(hex(outcome.frame)).toBe(hex(fixture.becomes ?? fixture.frame));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/(.{32})/g, '$1\n');
}
