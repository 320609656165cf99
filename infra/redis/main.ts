/**
 * `node infra/redis/main.ts`: a Redis to try things on, until Ctrl-C. Prints its URL; what was
 * written to it is gone afterwards.
 */
import { untilAborted } from '../../services/runtime/aborted.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { runMain } from '../../services/runtime/life-cycle.ts';
import { jsonLog } from '../../services/runtime/log.ts';
import { startRedis } from './redis.ts';

async function main(stop: AbortSignal): Promise<void> {
  const redis = await startRedis();
  process.stdout.write(`${redis.url}\n`);
  await untilAborted(stop);
  await redis.stop();
}

await runMain(main, { clock: systemClock(), log: jsonLog({ fields: { name: 'redis' } }) });
