/**
 * How long nothing came back: the longest run of datagrams of one probe that were not echoed. The
 * probes are numbered and sent on time, so what they lost says it, not how anybody felt.
 */
import type { LostSample } from '../traffic/udp-probes.ts';

/** Of losses since then; `intervalMs` is the probes'. */
export function longestPauseMs(
  lost: readonly LostSample[],
  sinceMs: number,
  intervalMs: number,
): number {
  const late = lost.filter(({ sentAtMs }) => sentAtMs >= sinceMs);
  const probes = Map.groupBy(late, ({ podUid, to }) => `${podUid} ${to.address} ${to.port}`);
  const runs = [...probes.values()].flatMap((samples) => {
    const times = samples.map(({ sentAtMs }) => sentAtMs).sort((a, b) => a - b);
    return runsOf(times, intervalMs);
  });
  return Math.max(0, ...runs.map(([first, last]) => last - first + intervalMs));
}

/** Two losses belong together where no datagram between them came back. */
function runsOf(times: readonly number[], intervalMs: number): [number, number][] {
  const runs: [number, number][] = [];
  for (const time of times) {
    const run = runs.at(-1);
    if (run !== undefined && time - run[1] < 1.9 * intervalMs) run[1] = time;
    else runs.push([time, time]);
  }
  return runs;
}
