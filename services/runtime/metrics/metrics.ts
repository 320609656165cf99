/**
 * The metrics of one process, over a table that says which there are (the names belong to
 * `contract/`; here nobody knows them). What is state is read when somebody asks (`reads`), so it
 * cannot differ from the truth; only what happens is counted. A metric is exposed once something
 * feeds it.
 */
import type { MetricSpec, MetricTable } from '../../contract/metrics.ts';
import type { Log } from '../log.ts';
import { createHistogram, type Histogram } from './histogram.ts';
import { familyText, type Sample } from './text-format.ts';

type NamesOf<Table extends MetricTable, Type extends MetricSpec['type']> = {
  [Name in keyof Table]: Table[Name]['type'] extends Type ? Name : never;
}[keyof Table] &
  string;

export type LabelsOf<Spec extends MetricSpec> = Readonly<Record<Spec['labels'][number], string>>;

export interface Counter<Labels> {
  /** @default by 1 */
  add(labels: Labels, by?: number): void;
}

type Reading<Labels> =
  | number
  | Iterable<{ readonly labels: Labels; readonly value: number | bigint }>;

export interface Metrics<Table extends MetricTable> {
  /** Counts from 0; each of its label sets from the first time that it is named. */
  counter<Name extends NamesOf<Table, 'counter'>>(name: Name): Counter<LabelsOf<Table[Name]>>;
  histogram(name: NamesOf<Table, 'histogram'>): Histogram;
  /** Asked at each exposition. One that throws is left out of it, and logged. */
  reads<Name extends NamesOf<Table, 'counter' | 'gauge'>>(
    name: Name,
    read: () => Reading<LabelsOf<Table[Name]>> | Promise<Reading<LabelsOf<Table[Name]>>>,
  ): void;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

type Collect = () => readonly Sample[] | Promise<readonly Sample[]>;

export function createMetrics<Table extends MetricTable>(
  table: Table,
  { log }: { readonly log: Log },
): Metrics<Table> {
  const feeds = new Map<string, Collect>();

  async function familyOf(name: string): Promise<string> {
    const spec = table[name];
    const collect = feeds.get(name);
    if (spec === undefined || collect === undefined) return '';
    try {
      return familyText(name, spec, await collect());
    } catch (error) {
      log.warn({ metric: name, error }, 'metric cannot be read');
      return '';
    }
  }

  return {
    counter(name) {
      const counted = new Map<
        string,
        { labels: Readonly<Record<string, string>>; value: number }
      >();
      feeds.set(name, () => samplesOf(counted.values()));
      if (table[name]?.labels.length === 0) counted.set('', { labels: {}, value: 0 });
      return {
        add(labels, by = 1) {
          const key = Object.values<string>(labels).join('\0');
          const entry = counted.get(key);
          if (entry === undefined) counted.set(key, { labels, value: by });
          else entry.value += by;
        },
      };
    },
    histogram(name) {
      const histogram = createHistogram(table[name]?.buckets ?? []);
      feeds.set(name, histogram.samples);
      return histogram;
    },
    reads(name, read) {
      feeds.set(name, async () => {
        const reading = await read();
        return typeof reading === 'number' ? samplesOf([{ value: reading }]) : samplesOf(reading);
      });
    },
    async text() {
      const families = await Promise.all(Object.keys(table).map(familyOf));
      return families.join('');
    },
  };
}

function samplesOf(
  readings: Iterable<{
    readonly labels?: Readonly<Record<string, string>>;
    readonly value: number | bigint;
  }>,
): Sample[] {
  return Array.from(readings, ({ labels = {}, value }) => ({ suffix: '', labels, value }));
}
