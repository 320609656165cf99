/** What an agent says of itself and its node to whoever scrapes it. */
import { AGENT_METRICS, PROCESS_METRICS } from '../contract/metrics.ts';
import { positionsOf } from '../contract/version.ts';
import type { Datapath } from '../ports/datapath/port.ts';
import { REASONS } from '../ports/datapath/tables/reasons.gen.ts';
import { TABLE_SPECS } from '../ports/datapath/tables/specs.ts';
import { hear } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { createMetrics, type Metrics } from '../runtime/metrics/metrics.ts';
import { serveMetrics } from '../runtime/metrics/metrics-server.ts';
import { exposeProcess } from '../runtime/metrics/process-metrics.ts';
import type { NodeAgent } from './node-agent.ts';
import { TABLE_NAMES } from './tables/content.ts';

/** Nowhere to listen: nothing is counted either. The answer ends it. */
export async function openAgentMetrics(
  listen: string | undefined,
  components: AgentMetricsComponents,
): Promise<() => Promise<void>> {
  if (listen === undefined) return async () => undefined;
  const metrics = createMetrics({ ...PROCESS_METRICS, ...AGENT_METRICS }, components);
  exposeAgent(metrics, components);
  const server = await serveMetrics(listen, metrics.text);
  return server.close;
}

type AgentMetrics = Metrics<typeof PROCESS_METRICS & typeof AGENT_METRICS>;

export interface AgentMetricsComponents {
  readonly agent: NodeAgent;
  readonly datapath: Datapath;
  readonly clock: Clock;
  readonly log: Log;
}

const MS_PER_SECOND = 1000;
const CLASS_OF = new Map(REASONS.map(({ name, kind }) => [name, kind]));

function exposeAgent(metrics: AgentMetrics, components: AgentMetricsComponents): void {
  exposeProcess(metrics);
  exposeTables(metrics, components);
  exposePushes(metrics, components);
  exposeLink(metrics);
  exposeCni(metrics);
}

function exposeTables(metrics: AgentMetrics, { agent, datapath, clock }: AgentMetricsComponents) {
  // Two metrics of one scrape are read from one batched call of the kernel.
  let counters: ReturnType<Datapath['counters']> = [];
  const labelled = (of: 'packets' | 'bytes') =>
    counters
      .filter(({ reason }) => CLASS_OF.get(reason) !== 'retired')
      .map(({ reason, [of]: value }) => ({
        labels: { reason, class: CLASS_OF.get(reason) ?? '' },
        value,
      }));
  metrics.reads('berth_datapath_packets_total', () => {
    counters = datapath.counters();
    return labelled('packets');
  });
  metrics.reads('berth_datapath_bytes_total', () => labelled('bytes'));
  metrics.reads('berth_datapath_events_lost_total', () => [
    { labels: {}, value: datapath.events.lost() },
  ]);
  metrics.reads('berth_datapath_table_entries', () =>
    Object.entries(agent.heldEntries()).map(([table, value]) => ({ labels: { table }, value })),
  );
  metrics.reads('berth_datapath_table_entries_max', () =>
    TABLE_NAMES.map((table) => ({ labels: { table }, value: TABLE_SPECS[table].maxEntries })),
  );
  metrics.reads('berth_agent_pods', () => {
    const states = Map.groupBy(agent.podStates(), (state) => state);
    return (['mapped', 'unmapped', 'unselected', 'unknown'] as const).map((state) => ({
      labels: { state },
      value: states.get(state)?.length ?? 0,
    }));
  });
  const repairs = metrics.counter('berth_agent_table_repairs_total');
  for (const table of TABLE_NAMES) repairs.add({ table }, 0);
  const programs = metrics.counter('berth_agent_program_repairs_total');
  for (const program of ['egress', 'return', 'steer', 'pod']) programs.add({ program }, 0);
  let checkedAtMs = clock.nowMs();
  hear('berth:agent:tables-checked', (message) => {
    checkedAtMs = clock.nowMs();
    for (const [table, entries] of Object.entries(message.repairs)) repairs.add({ table }, entries);
  });
  hear('berth:agent:program-lost', ({ program }) => programs.add({ program }));
  metrics.reads(
    'berth_agent_table_check_age_seconds',
    () => (clock.nowMs() - checkedAtMs) / MS_PER_SECOND,
  );
}

function exposePushes(metrics: AgentMetrics, { agent, clock }: AgentMetricsComponents): void {
  metrics.reads('berth_agent_version_offset', () =>
    positionsOf(agent.held().version).map(([partition, value]) => ({
      labels: { partition: String(partition) },
      value,
    })),
  );
  const pushes = metrics.counter('berth_agent_pushes_total');
  pushes.add({ answer: 'ack', code: '' }, 0);
  const applying = metrics.histogram('berth_agent_push_apply_seconds');
  let ackedAtMs = Number.NaN;
  hear('berth:agent:push-answered', ({ code, seconds }) => {
    pushes.add({ answer: code === null ? 'ack' : 'nack', code: code ?? '' });
    if (code !== null) return;
    applying.observe(seconds);
    ackedAtMs = clock.nowMs();
  });
  metrics.reads(
    'berth_agent_last_push_age_seconds',
    () => (clock.nowMs() - ackedAtMs) / MS_PER_SECOND,
  );
}

function exposeLink(metrics: AgentMetrics): void {
  const ups = metrics.counter('berth_agent_link_ups_total');
  let isUp = false;
  hear('berth:agent:link-changed', ({ up }) => {
    isUp = up;
    if (up) ups.add({});
  });
  metrics.reads('berth_agent_link_up', () => (isUp ? 1 : 0));
}

function exposeCni(metrics: AgentMetrics): void {
  const requests = metrics.counter('berth_agent_cni_requests_total');
  for (const verb of ['add', 'del', 'status']) requests.add({ verb, code: '' }, 0);
  const adding = metrics.histogram('berth_agent_cni_add_seconds');
  hear('berth:agent:cni-answered', ({ verb, code, seconds }) => {
    requests.add({ verb, code: code ?? '' });
    if (verb === 'add') adding.observe(seconds);
  });
}
