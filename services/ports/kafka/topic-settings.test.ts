/** What a topic is refused for, one setting at a time: each would lose, reorder or misdate. */
import { expect, test } from 'vitest';
import {
  commonCount,
  faultOf,
  settingsToCreate,
  type TopicAsIs,
  type TopicSpec,
} from './topic-settings.ts';

const KEPT: TopicSpec = { topic: 'berth.events', cleanup: 'keep', partitions: null };
const COMPACTED: TopicSpec = { topic: 'berth.nodes', cleanup: 'compact', partitions: null };

/** As it is made, but for these settings. */
function asMade(spec: TopicSpec, changed: Readonly<Record<string, string>> = {}): TopicAsIs {
  const settings = { ...settingsToCreate(spec, {}), 'max.message.bytes': '1048588', ...changed };
  return { partitions: 12, replicas: 1, settings: new Map(Object.entries(settings)) };
}

test.each([KEPT, COMPACTED])('takes a topic as it is made: $topic', (spec) => {
  expect(faultOf(spec, asMade(spec), {})).toBeNull();
});

test.each([
  [KEPT, 'cleanup.policy', 'compact', 'delete'],
  [KEPT, 'cleanup.policy', 'compact,delete', 'delete'],
  [COMPACTED, 'cleanup.policy', 'delete', 'compact'],
  [COMPACTED, 'cleanup.policy', 'compact,delete', 'compact'],
  [KEPT, 'retention.ms', '604800000', '-1'],
  [KEPT, 'retention.bytes', '1073741824', '-1'],
  [KEPT, 'message.timestamp.type', 'CreateTime', 'LogAppendTime'],
  [COMPACTED, 'message.timestamp.type', 'CreateTime', 'LogAppendTime'],
  [KEPT, 'unclean.leader.election.enable', 'true', 'false'],
  [KEPT, 'max.message.bytes', '1000', '1048588'],
  [KEPT, 'compression.type', 'zstd', 'producer'],
] as const)('refuses $topic with %s = %s, and says what to do', (spec, name, have, wanted) => {
  expect(faultOf(spec, asMade(spec, { [name]: have }), {})).toMatchObject({
    code: 'BERTH_LOG_TOPIC',
    details: { topic: spec.topic, reason: expect.stringContaining(`${name} is ${have}`) },
    hint: `kafka-configs --alter --topic ${spec.topic} --add-config ${name}=${wanted}`,
  });
});

test('refuses three replicas of which one is enough, and two that nothing can satisfy', () => {
  const three = { ...asMade(KEPT, { 'min.insync.replicas': '1' }), replicas: 3 };
  expect(faultOf(KEPT, three, {})).toMatchObject({
    details: { reason: expect.stringContaining('min.insync.replicas is 1, not 2') },
  });
  expect(faultOf(KEPT, three, { minInSync: 1 })).toBeNull();
  const one = asMade(KEPT, { 'min.insync.replicas': '2' });
  expect(faultOf(KEPT, one, {})).toMatchObject({
    details: { reason: expect.stringContaining('nothing can ever be appended') },
  });
});

test('refuses fewer replicas than are asked for', () => {
  expect(faultOf(KEPT, asMade(KEPT), { factor: 3 })).toMatchObject({
    details: { reason: expect.stringContaining('1 replicas, the configuration says 3') },
  });
});

test('refuses another count of partitions than is asked for', () => {
  expect(faultOf({ ...KEPT, partitions: 4 }, asMade(KEPT), {})).toMatchObject({
    code: 'BERTH_LOG_PARTITIONS',
    details: { have: 12, want: 4 },
  });
});

test('a topic that is missing gets as many partitions as the others have', () => {
  const specs = [KEPT, COMPACTED, { ...KEPT, topic: 'berth.status', partitions: 1 }];
  expect(commonCount(specs, new Map(), 12)).toBe(12);
  expect(commonCount(specs, new Map([['berth.nodes', 6]]), 12)).toBe(6);
  const counts = new Map(specs.map(({ topic, partitions }) => [topic, partitions ?? 6]));
  expect(commonCount(specs, counts, 12)).toBe(6);
});

test.each([
  [24, 12],
  [12, 24],
])('refuses a topic that was given more partitions than the others: %i, %i', (events, nodes) => {
  const counts = new Map([
    ['berth.events', events],
    ['berth.nodes', nodes],
  ]);
  const grown = events > nodes ? 'berth.events' : 'berth.nodes';
  expect(() => commonCount([KEPT, COMPACTED], counts, 12)).toThrow(
    expect.objectContaining({
      code: 'BERTH_LOG_TOPIC',
      message: expect.stringContaining(`topic ${grown} would`),
    }),
  );
});
