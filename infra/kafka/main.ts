/**
 * `node infra/kafka/main.ts [1|3]`: a Kafka to try things on, until Ctrl-C. Prints its bootstrap
 * servers; what was written to it is gone afterwards.
 */
import { z } from 'zod';
import { untilAborted } from '../../services/runtime/aborted.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { parseConfig } from '../../services/runtime/config.ts';
import { runMain } from '../../services/runtime/life-cycle.ts';
import { jsonLog } from '../../services/runtime/log.ts';
import { startKafka } from './kafka.ts';

async function main(stop: AbortSignal): Promise<void> {
  const brokers = parseConfig(z.union([z.literal(1), z.literal(3)]), process.argv[2] ?? '1');
  const kafka = await startKafka({ brokers });
  process.stdout.write(`${kafka.bootstrap}\n`);
  await untilAborted(stop);
  await kafka.stop();
}

await runMain(main, { clock: systemClock(), log: jsonLog({ fields: { name: 'kafka' } }) });
