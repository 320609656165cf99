/** docs/metrics.md, made from the table of metrics so that the two never differ. */
import {
  AGENT_METRICS,
  CONTROL_METRICS,
  type MetricTable,
  PROCESS_METRICS,
} from '../services/contract/metrics.ts';
import { REASONS } from '../services/ports/datapath/tables/reasons.gen.ts';

const PARTS: readonly (readonly [heading: string, table: MetricTable])[] = [
  ['Of every process', PROCESS_METRICS],
  ['Of an agent', AGENT_METRICS],
  ['Of `berth up`', CONTROL_METRICS],
];

export function metricsPage(): string {
  return `# Metrics

Each process serves \`GET /metrics\` in Prometheus' text format where it is told to listen: agents
and \`berth up\` by \`--metrics HOST:PORT\` or \`--metrics unix:PATH\`. Without it nothing listens,
but the socket of \`berth up\` answers in any case. Units are the base units that the names end in.
Made from \`services/contract/metrics.ts\` by \`npm run gen:metrics\`.
${PARTS.map(([heading, table]) => `\n## ${heading}\n\n${rowsOf(table)}\n`).join('')}
## Reasons

What \`berth_datapath_packets_total\` and \`berth_datapath_bytes_total\` tell apart
(\`bpf/lib/drop_reasons.h\`).

| reason | class | meaning |
|---|---|---|
${REASONS.filter(({ kind }) => kind !== 'retired')
  .map(({ name, kind, meaning }) => `| \`${name}\` | ${kind} | ${meaning} |`)
  .join('\n')}
`;
}

function rowsOf(table: MetricTable): string {
  const rows = Object.entries(table).map(([name, { type, labels, help }]) => {
    const named = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${named} | ${help} |`;
  });
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n');
}
