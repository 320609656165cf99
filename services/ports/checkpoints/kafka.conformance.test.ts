/** The checkpoints on a real Kafka hold the suite. */

import { kafkaStore } from '../../../test/servers/kafka-checkpoints.ts';
import { checkpointsConformance } from './conformance.ts';

checkpointsConformance('the Kafka checkpoints', {
  setup: () => kafkaStore(),
  teardown: (harness) => harness.teardown(),
});
