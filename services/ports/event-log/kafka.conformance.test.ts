/** The log on a real Kafka holds the suite, with four partitions and with one. */
import { describe, test } from 'vitest';
import { noKafka } from '../../../infra/kafka/java.ts';
import { keptOnKafka } from '../../../test/kafka-log.ts';
import { eventLogConformance } from './conformance.ts';

const SKIP = [
  {
    test: 'reads at most one batch ahead of who takes them',
    reason: 'a broker answers with batches as they were appended: it is bounded in bytes',
  },
];

describe.skipIf(noKafka !== null)('on Kafka', () => {
  for (const partitionCount of [4, 1]) {
    eventLogConformance(`the Kafka log of ${partitionCount} partitions`, {
      setup: () => keptOnKafka(partitionCount),
      teardown: (harness) => harness.teardown(),
      skip: SKIP,
    });
  }
});

test.runIf(noKafka !== null)('Kafka is there', (context) => context.skip(noKafka ?? ''));
