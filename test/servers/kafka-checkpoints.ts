/** A store of checkpoints on the shared Kafka, in a topic of its own. */
import {
  type KafkaCheckpointsInit,
  kafkaCheckpoints,
} from '../../services/ports/checkpoints/kafka.ts';
import type { Checkpoints } from '../../services/ports/checkpoints/port.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { systemRandom } from '../../services/runtime/random.ts';
import { keepingLog } from '../log-lines.ts';
import type { Reopenable } from '../reopenable.ts';
import { sharedKafka } from './shared-servers.ts';

export async function kafkaStore(
  init: Partial<KafkaCheckpointsInit> = {},
): Promise<Reopenable<Checkpoints> & { readonly init: KafkaCheckpointsInit }> {
  const random = systemRandom();
  const components = { clock: systemClock(), random, log: keepingLog() };
  const connection = { brokers: [await sharedKafka()] };
  const all = { connection, prefix: `checkpoints-${random.id()}`, ...init };
  let current = await kafkaCheckpoints(all, components);
  return {
    init: all,
    opened: current,
    async reopen() {
      await current.close();
      current = await kafkaCheckpoints(all, components);
      return current;
    },
    teardown: () => current.close(),
  };
}
