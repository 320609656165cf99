/** What operators read names metrics and codes that there are. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERROR_TABLE } from '../../services/contract/error-table.ts';
import {
  AGENT_METRICS,
  CONTROL_METRICS,
  type MetricTable,
} from '../../services/contract/metrics.ts';

const PAGES = ['docs/operating.md', 'docs/distributed.md'];
const METRICS: MetricTable = { ...AGENT_METRICS, ...CONTROL_METRICS };
const CODES = Object.keys(ERROR_TABLE);
/** Programs and XDP, of the kernel; not metrics. */
const OTHERS = new Set(['berth_egress', 'berth_return', 'berth_pod', 'berth_steer', 'berth_acl']);

const metricOf = (name: string): string => name.replace(/_(bucket|sum|count)$/, '');

test.each(PAGES)('%s names metrics that there are, with labels that they have', (page) => {
  const text = readFileSync(page, 'utf8');
  for (const [, name = '', labels = ''] of text.matchAll(/\b(berth_[a-z_]+)(?:\{([^}]*)\})?/g)) {
    if (OTHERS.has(name)) continue;
    expect(METRICS, name).toHaveProperty(metricOf(name));
    for (const [, label = ''] of labels.matchAll(/(\w+)=/g)) {
      expect(METRICS[metricOf(name)]?.labels, name).toContain(label);
    }
  }
});

/** A row may name several of one area: `BERTH_LINK_CERTIFICATE_EXPIRED`, `_NOT_YET_VALID`. */
test.each(PAGES)('%s names codes that there are', (page) => {
  const text = readFileSync(page, 'utf8');
  const named = Array.from(text.matchAll(/`(BERTH_[A-Z]+_[A-Z_]*[A-Z])(\*?)`/g));
  expect(named.length).toBeGreaterThan(3);
  for (const [, code = ''] of named) {
    expect(
      CODES.some((each) => each === code || each.startsWith(`${code}_`)),
      code,
    ).toBe(true);
  }
});
