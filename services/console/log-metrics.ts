/** What the folded log says of the installation, as numbers for whoever scrapes it. */
import { exhaustedPods } from '../aggregates/namespace/exhausted.ts';
import type { NamespaceState } from '../aggregates/namespace/state.ts';
import { lostAddresses, wantedSet } from '../aggregates/target/wanted-set.ts';
import type { AggregateState, World } from '../aggregates/world.ts';
import { aggregateName, type TargetName } from '../contract/identity.ts';
import type { CONTROL_METRICS } from '../contract/metrics.ts';
import { hear } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { LogStatus } from './status.ts';

export interface LogMetricsComponents {
  readonly world: World;
  /** When an entry of the target was last confirmed, or found to be gone: the log's time. */
  readonly lastSuccesses: ReadonlyMap<TargetName, number>;
  readonly status: () => Pick<LogStatus, 'pods' | 'egressNats'>;
  readonly clock: Clock;
}

type ControlMetrics = Metrics<typeof CONTROL_METRICS>;

const MS_PER_SECOND = 1000;

export function exposeLog(metrics: ControlMetrics, components: LogMetricsComponents): void {
  const { world, status } = components;
  metrics.reads('berth_pods', () => {
    const { present, selected, mapped, exhausted } = status().pods;
    return statesOf({ present, selected, mapped, exhausted });
  });
  metrics.reads('berth_egress_nats', () => {
    const namespaces = namespacesOf(world);
    const all = namespaces.reduce((sum, { egressNats }) => sum + egressNats.size, 0);
    return statesOf({ all, exhausted: namespaces.reduce((sum, ns) => sum + exhaustedIn(ns), 0) });
  });
  metrics.reads('berth_questions_open', () => {
    const kinds = new Map(QUESTIONS.map((kind) => [kind, 0]));
    for (const { questions } of world.aggregates()) {
      for (const { kind } of questions.values()) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    return Array.from(kinds, ([kind, value]) => ({ labels: { kind }, value }));
  });
  exposePools(metrics, world);
  exposeTargets(metrics, components);
  const propagation = metrics.histogram('berth_propagation_seconds');
  hear('berth:console:pod-mapped', ({ seconds }) => propagation.observe(seconds));
}

type QuestionKind =
  AggregateState['questions'] extends Map<string, infer Question>
    ? Question extends { readonly kind: infer Kind extends string }
      ? Kind
      : never
    : never;

/** Those without an open question are told as 0. */
const QUESTIONS: readonly QuestionKind[] = [
  'berth',
  'release',
  'claim',
  'update-claim',
  'return-claim',
  'grant',
  'tell-targets',
  'withdraw',
  'confirm',
  'remove',
];

function exposePools(metrics: ControlMetrics, world: World): void {
  metrics.reads('berth_pool_addresses', () =>
    [...world.pools.pools].flatMap(([pool, { addresses }]) => {
      const claims = [...world.pools.holders.values()].map((id) => world.pools.claims.get(id));
      const claimed = claims.filter((claim) => claim?.pool === pool).length;
      const free = [...addresses].filter((address) => !world.pools.holders.has(address)).length;
      return statesOf({ total: addresses.size, claimed, free }, { pool });
    }),
  );
  metrics.reads('berth_pool_blocks', () => {
    const pools = new Map([...world.pools.pools.keys()].map((pool) => [pool, noBlocks()]));
    for (const claim of namespacesOf(world).flatMap(({ claims }) => [...claims.values()])) {
      const blocks = pools.get(claim.pool) ?? noBlocks();
      pools.set(claim.pool, blocks);
      blocks.free += claim.free.size;
      for (const { kind } of claim.used.values()) {
        blocks[kind === 'berth' ? 'in-use' : 'resting'] += 1;
      }
    }
    return [...pools].flatMap(([pool, blocks]) => statesOf(blocks, { pool }));
  });
}

function exposeTargets(
  metrics: ControlMetrics,
  { world, lastSuccesses, clock }: LogMetricsComponents,
): void {
  metrics.reads('berth_target_entries', () =>
    [...world.aggregates()].flatMap((state) => {
      if (state.kind !== 'target') return [];
      const counts = { wanted: 0, confirmed: 0, dropping: 0 };
      for (const entry of state.entries.values()) counts[entry.state] += 1;
      return statesOf(counts, { target: aggregateName(state.key) });
    }),
  );
  metrics.reads('berth_target_addresses', () =>
    [...world.aggregates()].flatMap((state) => {
      const set = state.kind === 'target' ? wantedSet(state) : null;
      if (state.kind !== 'target' || set === null) return [];
      const reported = new Set(state.reported?.addresses);
      const wanted = set.entries.length;
      const inForce = set.entries.filter(({ address }) => reported.has(address)).length;
      const lost = lostAddresses(state).length;
      return statesOf({ wanted, 'in-force': inForce, lost }, { target: set.target });
    }),
  );
  metrics.reads('berth_target_last_success_age_seconds', () =>
    Array.from(lastSuccesses, ([target, atMs]) => ({
      labels: { target },
      value: (clock.nowMs() - atMs) / MS_PER_SECOND,
    })),
  );
}

function noBlocks() {
  return { free: 0, 'in-use': 0, resting: 0 };
}

function namespacesOf(world: World): NamespaceState[] {
  return [...world.aggregates()].filter((state) => state.kind === 'namespace');
}

function exhaustedIn(state: NamespaceState): number {
  const nats = [...state.egressNats.values()];
  return nats.filter((egressNat) => exhaustedPods(state, egressNat).length > 0).length;
}

function statesOf(counts: Readonly<Record<string, number>>): StateSample<object>[];
function statesOf<Labels extends object>(
  counts: Readonly<Record<string, number>>,
  labels: Labels,
): StateSample<Labels>[];
function statesOf(counts: Readonly<Record<string, number>>, labels: object = {}) {
  return Object.entries(counts).map(([state, value]) => ({ labels: { ...labels, state }, value }));
}

interface StateSample<Labels extends object> {
  readonly labels: Labels & { readonly state: string };
  readonly value: number;
}
