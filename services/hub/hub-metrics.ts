/** What a hub says of its links to whoever scrapes it. */
import { ERROR_TABLE } from '../contract/error-table.ts';
import type { CONTROL_METRICS } from '../contract/metrics.ts';
import { hear } from '../runtime/channels.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { NodeStatus } from './node-status.ts';

const MS_PER_SECOND = 1000;

export function exposeHub(
  metrics: Metrics<typeof CONTROL_METRICS>,
  { statuses }: { readonly statuses: () => readonly NodeStatus[] },
): void {
  metrics.reads('berth_hub_links', () => statuses().filter(({ connected }) => connected).length);
  metrics.reads('berth_hub_nodes', () => {
    const concerned = statuses().filter((status) => status.concerned);
    const states = Map.groupBy(concerned, stateOf);
    return (['in-sync', 'behind', 'disconnected'] as const).map((state) => ({
      labels: { state },
      value: states.get(state)?.length ?? 0,
    }));
  });
  metrics.reads('berth_hub_node_lag_seconds', () =>
    statuses().map(({ node, lagMs }) => ({ labels: { node }, value: lagMs / MS_PER_SECOND })),
  );
  metrics.reads('berth_hub_unacked_push_age_seconds', () =>
    statuses().reduce((oldest, { unackedMs }) => Math.max(oldest, unackedMs / MS_PER_SECOND), 0),
  );
  const pushes = metrics.counter('berth_hub_pushes_total');
  for (const kind of ['snapshot', 'delta']) pushes.add({ kind }, 0);
  const records = metrics.counter('berth_hub_push_records_total');
  const bytes = metrics.counter('berth_hub_push_bytes_total');
  hear('berth:hub:push-sent', (push) => {
    pushes.add({ kind: push.kind });
    records.add({}, push.records);
    bytes.add({}, push.bytes);
  });
  const nacks = metrics.counter('berth_hub_nacks_total');
  nacks.add({ code: 'other' }, 0);
  // What an agent says is anything; a label's values are bounded.
  hear('berth:hub:push-refused', ({ code }) => {
    nacks.add({ code: Object.hasOwn(ERROR_TABLE, code) ? code : 'other' });
  });
}

function stateOf({ connected, inSync }: NodeStatus): 'in-sync' | 'behind' | 'disconnected' {
  if (!connected) return 'disconnected';
  return inSync ? 'in-sync' : 'behind';
}
