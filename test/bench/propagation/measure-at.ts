/** How long it takes until a bound pod is mapped on its node, at one rate, on one log. */
import { testAuthority } from '../../hub/test-certificates.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type Control, startControl } from '../control/control.ts';
import type { Servers } from '../control/messages.ts';
import { paced } from '../control/paced.ts';
import type { HistoryInit } from '../fold/history.ts';
import { createAnnouncing } from './announcing.ts';
import { churn, nodeFacts } from './churn.ts';
import { startFleet } from './fleet.ts';

export const GATEWAYS = ['gateway-1', 'gateway-2'];
const LIVES_SECONDS = 1;
const OUTCOME_LOOKS_MAX = 100;

export interface Rate {
  readonly history: HistoryInit;
  readonly pods: number;
  readonly podsPerSecond: number;
  /** Null: the embedded log. */
  readonly servers: Servers | null;
}

export interface Measured {
  /** Milliseconds, of every pod that was mapped. */
  readonly latencies: readonly number[];
  readonly untilDecided: readonly number[];
  readonly allMapped: boolean;
  readonly rate: number;
  readonly tables: string;
  readonly controlCores: number;
  readonly aclUpdates: number;
}

export async function measureAt({
  history,
  pods,
  podsPerSecond,
  servers,
}: Rate): Promise<Measured> {
  const folder = await temporaryFolder();
  const authority = await testAuthority();
  const certificate = await authority.hub();
  const control = await startControl({
    dir: folder.path,
    mapper: true,
    certificate,
    ...(servers === null ? {} : { servers }),
  });
  const nodes = Array.from({ length: history.nodes }, (_, number) => `node-${number}`);
  const { port } = control;
  const gateways = GATEWAYS;
  const fleet = await startFleet({ dir: folder.path, port, nodes, gateways, authority });
  await control.nodes(nodes.map((name) => nodeFacts(name, {})));
  await control.nodes(gateways.map((name) => nodeFacts(name, { gateway: 'yes' })));
  const livePods = Math.ceil(podsPerSecond * LIVES_SECONDS);
  const { scenery, items } = churn(history, { pods, livePods });
  await control.append(scenery);
  await control.until(({ connected }) => connected === nodes.length + gateways.length);

  const boundAt = new Map<string, number>();
  const announcing = createAnnouncing(fleet.socketOf);
  const before = await control.look();
  const started = performance.now();
  await paced(items, podsPerSecond, async (some) => {
    for (const item of some) announcing.announce(item);
    const atMs = await control.append(some.flatMap(({ records }) => records));
    for (const { comes } of some) boundAt.set(comes.uid, atMs);
  });
  const seconds = (performance.now() - started) / 1000;
  const after = await control.look();
  await announcing.done();
  await control.until(({ inSync }) => inSync === nodes.length + gateways.length);
  const stayed = items.slice(-livePods).map(({ comes }) => comes.uid);
  const { mappedAt, grantedAtMs, aclUpdates } = await outcomeOf(control, stayed);
  await fleet.stop();
  control.stop();
  await folder.remove();
  const since = (times: ReadonlyMap<string, number>): number[] =>
    [...boundAt].flatMap(([uid, atMs]) => {
      const thenMs = times.get(uid);
      return thenMs === undefined ? [] : [Math.max(0, thenMs - atMs)];
    });
  return {
    latencies: since(mappedAt),
    untilDecided: since(grantedAtMs),
    allMapped: stayed.every((uid) => mappedAt.has(uid)),
    rate: pods / seconds,
    tables: fleet.tables,
    controlCores: (after.cpuSeconds - before.cpuSeconds) / seconds,
    aclUpdates,
  };
}

/** Acks become records a moment after they came. */
async function outcomeOf({ outcome }: Control, stayed: readonly string[]) {
  for (let look = 1; ; look++) {
    const { acks, grantedAtMs, aclUpdates } = await outcome();
    const mappedAt = new Map<string, number>();
    for (const { mapped, readBackAtMs } of acks) {
      for (const uid of mapped) if (!mappedAt.has(uid)) mappedAt.set(uid, readBackAtMs);
    }
    const all = stayed.every((uid) => mappedAt.has(uid));
    if (all || look === OUTCOME_LOOKS_MAX) return { mappedAt, grantedAtMs, aclUpdates };
  }
}
