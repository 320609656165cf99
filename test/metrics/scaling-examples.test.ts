/** The examples of scaling name metrics, labels, groups, topics and options that there are. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { CONTROL_METRICS, type MetricTable } from '../../services/contract/metrics.ts';
import { TOPICS } from '../../services/contract/topics.ts';
import { MAPPER_GROUP } from '../../services/mapper/mapper.ts';

const FOLDER = 'docs/examples/scaling';
const METRICS: MetricTable = CONTROL_METRICS;
const TOPIC = TOPICS.events.name;
/** Of an installation with the default prefix. */
const KAFKA_GROUP = `berth.${MAPPER_GROUP}`;

interface Trigger {
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Document {
  readonly kind: string;
  readonly spec: {
    readonly triggers?: readonly Trigger[];
    readonly consumerGroup?: string;
    readonly topics?: readonly string[];
  };
}

const documents = (file: string): Document[] =>
  parseAllDocuments(readFileSync(`${FOLDER}/${file}`, 'utf8')).map(
    (each) => each.toJS() as Document,
  );

const triggersIn = (file: string): readonly Trigger[] =>
  documents(file).flatMap(({ spec }) => spec.triggers ?? []);

test('there are three', () => {
  expect(readdirSync(FOLDER).sort()).toEqual([
    'keda-kafka.yaml',
    'keda-prometheus.yaml',
    'knative.yaml',
  ]);
});

test('queries name metrics that there are, with labels that they have', () => {
  const queries = triggersIn('keda-prometheus.yaml').map(({ metadata }) => metadata['query'] ?? '');
  expect(queries).toHaveLength(2);
  for (const query of queries) {
    const [, metric = '', selector = ''] = /(berth_\w+)\{([^}]*)\}/.exec(query) ?? [];
    expect(METRICS).toHaveProperty(metric);
    const labels = Object.fromEntries(
      Array.from(selector.matchAll(/(\w+)="([^"]*)"/g), ([, name, value]) => [name, value]),
    );
    expect(labels).toEqual({ group: MAPPER_GROUP, topic: TOPIC });
    const grouped = Array.from(query.matchAll(/by \((\w+)\)/g), ([, name = '']) => name);
    const known = METRICS[metric]?.labels ?? [];
    for (const label of [...Object.keys(labels), ...grouped]) expect(known).toContain(label);
  }
});

test('the group and topic of the broker are those of the default prefix', () => {
  const [trigger] = triggersIn('keda-kafka.yaml');
  expect(trigger?.metadata).toMatchObject({ consumerGroup: KAFKA_GROUP, topic: TOPIC });
});

test('KafkaSource has a group of its own, and hands on the topic that the mapper reads', () => {
  const source = documents('knative.yaml').find(({ kind }) => kind === 'KafkaSource');
  expect(source?.spec.topics).toEqual([TOPIC]);
  expect(source?.spec.consumerGroup).toMatch(/^berth\./);
  expect(source?.spec.consumerGroup).not.toBe(KAFKA_GROUP);
});
