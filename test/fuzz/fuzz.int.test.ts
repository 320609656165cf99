/**
 * The kernel's programs and the twin's make the same of random packets. More of them, or another
 * seed: `npm run fuzz`.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noKernel } from '../../bpf/test/bpf-file-system.ts';
import { REASONS } from '../../services/ports/datapath/tables/reasons.gen.ts';
import { type OpenDatapaths, openDatapaths } from './datapaths.ts';
import { fuzz, PROGRAMS } from './fuzz.ts';
import { report } from './report.ts';

const PACKETS = 100_000;
const SEED = 20_000;
/** Some seconds, but the machine may be busy. */
const timeout = 300_000;

let datapaths: OpenDatapaths;
beforeAll(() => {
  if (noKernel === null) datapaths = openDatapaths();
});
afterAll(() => datapaths?.close());

test.for(PROGRAMS)(
  '%s: 100,000 packets, the same in the kernel and in memory',
  { timeout },
  (program, ctx) => {
    ctx.skip(noKernel !== null, noKernel ?? '');
    const failure = fuzz(datapaths, program, SEED, PACKETS);
    expect(failure === null ? null : report(failure)).toBe(null);
  },
);

test('every reason that there is was met, by as many packets in both', (ctx) => {
  ctx.skip(noKernel !== null, noKernel ?? '');
  const { kernel, twin } = datapaths;
  expect(twin.counters()).toEqual(kernel.counters());
  const live = REASONS.filter(({ kind }) => kind !== 'retired').map(({ name }) => name);
  const met = kernel.counters().flatMap(({ reason, packets }) => (packets > 0n ? [reason] : []));
  expect(met).toEqual(live);
});
