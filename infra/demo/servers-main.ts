/**
 * `node servers-main.ts FILE`: a real Kafka and a real Redis for the demo, in whatever network
 * namespace this process is in. Their data goes beside FILE, in which it says where they are once
 * both answer. They end with it.
 */
import { dirname } from 'node:path';
import { untilAborted } from '../../services/runtime/aborted.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { replaceFile } from '../../services/runtime/durable-file.ts';
import { runMain } from '../../services/runtime/life-cycle.ts';
import { jsonLog } from '../../services/runtime/log.ts';
import { startKafka } from '../kafka/kafka.ts';
import { startRedis } from '../redis/redis.ts';
import type { RunningServers } from './servers.ts';

async function main(stop: AbortSignal): Promise<void> {
  const [file = ''] = process.argv.slice(2);
  process.env['TMPDIR'] = dirname(file);
  const [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
  const running: RunningServers = {
    kafka: kafka.bootstrap,
    redis: redis.url,
    pids: { kafka: kafka.brokers[0]?.pid ?? 0, redis: redis.pid },
  };
  await replaceFile(file, JSON.stringify(running));
  await untilAborted(stop);
  await Promise.all([kafka.stop(), redis.stop()]);
}

await runMain(main, { clock: systemClock(), log: jsonLog({ fields: { name: 'servers' } }) });
